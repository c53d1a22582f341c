"""Logging in, staying logged in, and leaving."""

from dataclasses import dataclass
from datetime import datetime

from services.auth.credentials import account_name, digest_of, new_secret, secret_matches
from services.auth.domain import (
    ACCESS_TOKEN_LIFE,
    SESSION_LIFE,
    RefreshToken,
    Session,
    SessionId,
    Tenant,
    User,
    after_failed_login,
    normal_email,
    permissions_of,
    refresh_token_life,
)
from services.auth.errors import CredentialsWrong, LoginThrottled, RefreshTokenInvalid
from services.auth.ports import AccessToken, Account, AuthStore, Passwords, TokenSigner
from services.auth.use_cases.login_turns import LoginTurns
from services.mesh.caller import TenantId, UserId
from services.mesh.clock import Clock
from services.mesh.ids import new_id


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """What the verbs of this file share."""

    store: AuthStore
    passwords: Passwords
    signer: TokenSigner
    clock: Clock
    turns: LoginTurns


@dataclass(frozen=True, slots=True)
class IssuedToken:
    access: AccessToken
    refresh_token: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    user: User
    tenant: Tenant
    permissions: frozenset[str]


async def log_in(desk: TokenDesk, tenant_slug: str, email: str, password: str) -> IssuedToken:
    address = normal_email(email)
    account = account_name(tenant_slug, address)
    async with desk.turns.turn(account):
        person = await _find_person(desk, tenant_slug, address, account)
        is_right = await desk.passwords.matches(password, person.secret_hash if person else None)
        if person is None or not is_right:
            await _count_failure(desk, account)
            raise CredentialsWrong
        return await _open_session(desk, person, account, password)


async def log_in_client(desk: TokenDesk, client_id: str, client_secret: str) -> IssuedToken:
    async with desk.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_client(client_id)
    if tenant_id is None:
        raise CredentialsWrong
    now = desk.clock()
    async with desk.store.writing(tenant_id) as records:
        client = await records.client(client_id)
        if client is None or not secret_matches(client_secret, client.secret_hash):
            raise CredentialsWrong
        session = _new_session(client.user, now, now + ACCESS_TOKEN_LIFE)
        await records.add_session(session)
    return IssuedToken(await desk.signer.sign(client.user, session.session_id, now))


async def refresh(desk: TokenDesk, refresh_token: str) -> IssuedToken:
    digest = digest_of(refresh_token)
    now = desk.clock()
    async with desk.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_refresh_token(digest)
    if tenant_id is None:
        raise RefreshTokenInvalid
    async with desk.store.writing(tenant_id) as records:
        found = await records.lock_refresh_token(digest)
        if found is None:
            raise RefreshTokenInvalid
        token, session = found
        was_used = token.use_time is not None
        if was_used:
            # Two people hold this chain and one of them is a thief. The end of the session must
            # be kept, so the refusal is raised only after this transaction.
            await records.end_session(session.session_id, now)
        elif not session.is_open(now) or now >= token.expire_time:
            raise RefreshTokenInvalid
        else:
            await records.mark_used(digest, now)
            successor, secret = _new_refresh_token(session, now)
            await records.add_refresh_token(successor)
            user = await records.user(session.user_id)
    if was_used:
        raise RefreshTokenInvalid
    return IssuedToken(await desk.signer.sign(user, session.session_id, now), secret)


async def revoke(desk: TokenDesk, refresh_token: str) -> None:
    digest = digest_of(refresh_token)
    async with desk.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_refresh_token(digest)
    if tenant_id is None:
        return
    async with desk.store.writing(tenant_id) as records:
        found = await records.lock_refresh_token(digest)
        if found is not None:
            await records.end_session(found[1].session_id, desk.clock())


async def get_identity(store: AuthStore, tenant_id: TenantId, user_id: UserId) -> Identity:
    async with store.reading(tenant_id) as records:
        user = await records.user(user_id)
        tenant = await records.tenant()
        roles = {role.name: role for role in await records.roles()}
    return Identity(user, tenant, permissions_of(user, roles))


async def _find_person(
    desk: TokenDesk, tenant_slug: str, address: str, account: str
) -> Account | None:
    async with desk.store.reading_directory() as directory:
        failures = await directory.login_failures(account)
        wait = failures.remaining_wait(desk.clock()) if failures else None
        if wait:
            raise LoginThrottled(wait)
        tenant = await directory.tenant_with_slug(tenant_slug)
        return await directory.records(tenant.tenant_id).person(address) if tenant else None


async def _count_failure(desk: TokenDesk, account: str) -> None:
    async with desk.store.directory() as directory:
        before = await directory.login_failures(account)
        await directory.keep_login_failures(account, after_failed_login(before, desk.clock()))


async def _open_session(
    desk: TokenDesk, person: Account, account: str, password: str
) -> IssuedToken:
    now = desk.clock()
    user = person.user
    is_outdated = desk.passwords.is_outdated(person.secret_hash)
    better_hash = await desk.passwords.hash(password) if is_outdated else None
    session = _new_session(user, now, now + SESSION_LIFE)
    token, secret = _new_refresh_token(session, now)
    async with desk.store.directory() as directory:
        await directory.forget_login_failures(account)
        records = directory.records(user.tenant_id)
        await records.add_session(session)
        await records.add_refresh_token(token)
        if better_hash is not None:
            await records.set_secret_hash(user.user_id, better_hash)
    return IssuedToken(await desk.signer.sign(user, session.session_id, now), secret)


def _new_session(user: User, now: datetime, expire_time: datetime) -> Session:
    return Session(user.tenant_id, SessionId(new_id()), user.user_id, now, expire_time)


def _new_refresh_token(session: Session, now: datetime) -> tuple[RefreshToken, str]:
    secret = new_secret()
    expire_time = refresh_token_life(session, now)
    return RefreshToken(digest_of(secret), session.session_id, now, expire_time), secret
