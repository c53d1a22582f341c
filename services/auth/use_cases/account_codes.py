"""Links by which users choose their password: invitations, and resets that an admin makes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.auth.credentials import digest_of, new_secret
from services.auth.domain import (
    INVITATION_LIFE,
    PASSWORD_RESET_LIFE,
    AccountCode,
    CodePurpose,
    Tenant,
    User,
    UserKind,
    UserState,
)
from services.auth.errors.users import UserNotFound, UserStateUnfit
from services.auth.ports import AuthStore, TenantRecords
from services.auth.use_cases.granting import Author, require_grantable, require_no_more_than_own
from services.auth.use_cases.users import NewPerson, a_person
from services.mesh.audit import acts_on
from services.mesh.caller import UserId
from services.mesh.clock import Clock


@dataclass(frozen=True, slots=True)
class NewCode:
    """The one time that the code itself is at hand."""

    user: User
    purpose: CodePurpose
    secret: str
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Where and as whom the user can log in from now on."""

    tenant: Tenant
    user: User


async def invite_user(store: AuthStore, clock: Clock, author: Author, person: NewPerson) -> NewCode:
    user = a_person(author.tenant_id, person, clock, is_invited=True)
    async with store.writing(author.tenant_id) as records:
        await require_grantable(records, author, user.roles)
        await records.add_user(user, "")
        acts_on("user", user.user_id)
        return await _put_code(records, user, CodePurpose.INVITATION, clock(), INVITATION_LIFE)


async def renew_invitation(
    store: AuthStore, clock: Clock, author: Author, user_id: UserId
) -> NewCode:
    async with store.writing(author.tenant_id) as records:
        user = await _person(records, author, user_id, UserState.INVITED)
        return await _put_code(records, user, CodePurpose.INVITATION, clock(), INVITATION_LIFE)


async def create_password_reset(
    store: AuthStore, clock: Clock, author: Author, user_id: UserId
) -> NewCode:
    async with store.writing(author.tenant_id) as records:
        user = await _person(records, author, user_id, UserState.ACTIVE)
        return await _put_code(
            records, user, CodePurpose.PASSWORD_RESET, clock(), PASSWORD_RESET_LIFE
        )


def digest_for(purpose: CodePurpose, secret: str) -> str:
    """The purpose is part of it: a code of one purpose is not even found by another."""
    return digest_of(f"{purpose}\n{secret}")


async def _person(
    records: TenantRecords, author: Author, user_id: UserId, state: UserState
) -> User:
    user = await records.user(user_id)
    if user.kind is not UserKind.PERSON:
        raise UserNotFound(user_id)
    await require_no_more_than_own(records, author, user)
    if user.state is not state:
        raise UserStateUnfit(user.state)
    return user


async def _put_code(
    records: TenantRecords, user: User, purpose: CodePurpose, now: datetime, life: timedelta
) -> NewCode:
    secret = new_secret()
    code = AccountCode(digest_for(purpose, secret), purpose, user.user_id, now, now + life)
    await records.put_account_code(code)
    return NewCode(user, purpose, secret, code.expire_time)
