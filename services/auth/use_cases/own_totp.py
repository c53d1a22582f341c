"""One's own authenticator app: turning it on and off."""

from dataclasses import dataclass

from services.auth.domain import Totp, User
from services.auth.errors.credentials import OneTimeCodeRequired, TotpEnrolled, TotpNotEnrolled
from services.auth.ports import AuthStore, NewAuthenticator
from services.auth.use_cases.authentication import check_code, check_password
from services.auth.use_cases.granting import Author, require_no_more_than_own
from services.auth.use_cases.one_time_codes import (
    RECOVERY_CODES,
    new_recovery_code,
    recovery_digest,
)
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acts_on
from services.mesh.caller import UserId


@dataclass(frozen=True, slots=True)
class TotpState:
    is_enrolled: bool
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class _Own:
    slug: str
    user: User
    totp: Totp | None


async def get_totp(store: AuthStore, author: Author) -> TotpState:
    async with store.reading(author.tenant_id) as records:
        totp = await records.totp(author.user_id)
        left = await records.count_recovery_codes(author.user_id)
    return TotpState(totp is not None and totp.confirm_time is not None, left)


async def enrol_totp(desk: TokenDesk, author: Author, password: str) -> NewAuthenticator:
    """Raises CredentialsWrong, TotpEnrolled. Whoever begins twice goes on with the second one."""
    own = await _own(desk, author)
    await check_password(desk, own.slug, own.user.email, password)
    made = desk.authenticators.enrol(own.user, own.slug)
    async with desk.store.writing(author.tenant_id) as records:
        known = await records.totp(author.user_id)
        if known is not None and known.confirm_time is not None:
            raise TotpEnrolled
        await records.put_totp(Totp(author.user_id, made.sealed_secret, desk.clock()))
    return made


async def confirm_totp(desk: TokenDesk, author: Author, code: str) -> list[str]:
    """Returns the recovery codes. Raises CredentialsWrong, TotpEnrolled, TotpNotEnrolled."""
    own = await _own(desk, author)
    if own.totp is None:
        raise TotpNotEnrolled
    if own.totp.confirm_time is not None:
        raise TotpEnrolled
    await check_code(desk, own.slug, own.user, own.totp, code)
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    digests = [recovery_digest(author.user_id, each) for each in codes]
    async with desk.store.writing(author.tenant_id) as records:
        await records.confirm_totp(author.user_id, desk.clock(), digests)
    return codes


async def disable_totp(desk: TokenDesk, author: Author, code: str) -> None:
    """Raises CredentialsWrong, TotpNotEnrolled."""
    own = await _own(desk, author)
    if own.totp is None or own.totp.confirm_time is None:
        raise TotpNotEnrolled
    await check_code(desk, own.slug, own.user, own.totp, code)
    async with desk.store.writing(author.tenant_id) as records:
        await records.delete_totp(author.user_id)


async def remove_totp(store: AuthStore, author: Author, user_id: UserId) -> User:
    """Of somebody else. Raises UserNotFound, UserMayMore."""
    if user_id == author.user_id:
        raise OneTimeCodeRequired
    async with store.writing(author.tenant_id) as records:
        user = await records.user(user_id)
        await require_no_more_than_own(records, author, user)
        await records.delete_totp(user_id)
        return user


async def _own(desk: TokenDesk, author: Author) -> _Own:
    acts_on("user", author.user_id)
    async with desk.store.reading(author.tenant_id) as records:
        return _Own(
            (await records.tenant()).slug,
            await records.user(author.user_id),
            await records.totp(author.user_id),
        )
