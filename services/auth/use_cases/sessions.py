"""The one door: whatever the grant, its session is opened, renewed and ended here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.auth.credentials import digest_of, new_secret
from services.auth.domain import (
    OWN_CLIENT,
    SESSION_LIFE,
    RefreshToken,
    Session,
    SessionId,
    Tenant,
    TenantState,
    User,
    UserState,
    refresh_token_life,
)
from services.auth.errors.credentials import CredentialsWrong, RefreshTokenInvalid
from services.auth.errors.oauth import ScopeRefused
from services.auth.errors.tenants import TenantSuspended
from services.auth.federation import EXTERNAL_SESSION_LIFE
from services.auth.ports import AccessToken, TenantRecords
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acting_for, acts_on
from services.mesh.caller import UserId
from services.mesh.ids import new_id
from services.mesh.scopes import EVERYTHING, FULL_SCOPE, OPENID_SCOPES


@dataclass(frozen=True, slots=True)
class Opening:
    """Whom a grant has proved, for which client, and what the session shall be good for."""

    user_id: UserId
    client_id: str = OWN_CLIENT
    scope: frozenset[str] = FULL_SCOPE
    life: timedelta = SESSION_LIFE
    is_renewable: bool = True


@dataclass(frozen=True, slots=True)
class OpenedSession:
    user: User
    session: Session
    scope: frozenset[str]
    refresh_token: str = ""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    access: AccessToken
    opened: OpenedSession

    @property
    def refresh_token(self) -> str:
        return self.opened.refresh_token


async def open_session(records: TenantRecords, opening: Opening, now: datetime) -> OpenedSession:
    """Within the transaction that used up what the grant was proved with.

    Raises TenantSuspended, and CredentialsWrong where nobody can log in any more.
    """
    tenant = await records.hold_tenant()
    _refuse_suspended(tenant)
    if tenant.state is not TenantState.ACTIVE:
        raise CredentialsWrong
    user = await records.user(opening.user_id)
    if user.state is not UserState.ACTIVE:
        raise CredentialsWrong
    life = opening.life
    if await records.has_external_identity(user.user_id):
        life = min(life, EXTERNAL_SESSION_LIFE)
    session = Session(
        user.tenant_id,
        SessionId(new_id()),
        user.user_id,
        opening.client_id,
        opening.scope,
        now,
        now + life,
    )
    await records.add_session(session)
    _tell_audit(session)
    secret = await _next_link(records, session, now) if opening.is_renewable else ""
    return OpenedSession(user, session, session.scope, secret)


async def issue(desk: TokenDesk, opened: OpenedSession, now: datetime) -> IssuedToken:
    """After the transaction: no token may be seen of a session that was never kept."""
    access = await desk.signer.sign(opened.user, opened.session, opened.scope, now)
    return IssuedToken(access, opened)


async def refresh(
    desk: TokenDesk,
    refresh_token: str,
    client_id: str = OWN_CLIENT,
    scope: frozenset[str] | None = None,
) -> IssuedToken:
    """Only for the client of the session. Raises ScopeRefused for a scope beyond the session's."""
    digest = digest_of(refresh_token)
    now = desk.clock()
    async with desk.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_refresh_token(digest)
    if tenant_id is None:
        raise RefreshTokenInvalid
    async with desk.store.writing(tenant_id) as records:
        tenant = await records.hold_tenant()
        found = await records.lock_refresh_token(digest)
        if found is None or found[1].client_id != client_id:
            raise RefreshTokenInvalid
        token, session = found
        _tell_audit(session)
        was_used = token.use_time is not None
        if was_used:
            # Two people hold this chain and one of them is a thief. The end of the session must
            # be kept, so the refusal is raised only after this transaction.
            await records.end_session(session.session_id, now)
        elif now >= token.expire_time:
            raise RefreshTokenInvalid
        else:
            _refuse_suspended(tenant)
            if not session.is_open(now):
                raise RefreshTokenInvalid
            granted = _narrowed(session.scope, scope)
            user = await records.user(session.user_id)
            if user.state is not UserState.ACTIVE:
                raise RefreshTokenInvalid
            await records.mark_used(digest, now)
            secret = await _next_link(records, session, now)
    if was_used:
        raise RefreshTokenInvalid
    return await issue(desk, OpenedSession(user, session, granted, secret), now)


async def revoke(desk: TokenDesk, refresh_token: str) -> None:
    digest = digest_of(refresh_token)
    async with desk.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_refresh_token(digest)
    if tenant_id is None:
        return
    async with desk.store.writing(tenant_id) as records:
        found = await records.lock_refresh_token(digest)
        if found is not None:
            _tell_audit(found[1])
            await records.end_session(found[1].session_id, desk.clock())


def _tell_audit(session: Session) -> None:
    acting_for(session.tenant_id, session.user_id, session.session_id, session.client_id)
    acts_on("session", session.session_id)


def _refuse_suspended(tenant: Tenant) -> None:
    # Only after the credentials: whether a tenant exists is not told to everybody.
    if tenant.state is TenantState.SUSPENDED:
        raise TenantSuspended


async def _next_link(records: TenantRecords, session: Session, now: datetime) -> str:
    secret = new_secret()
    expire_time = refresh_token_life(session, now)
    await records.add_refresh_token(
        RefreshToken(digest_of(secret), session.session_id, now, expire_time)
    )
    return secret


def _narrowed(granted: frozenset[str], wanted: frozenset[str] | None) -> frozenset[str]:
    if wanted is None:
        return granted
    # Everything is every permission, but nothing of what a client may learn of the user.
    permitted = wanted - OPENID_SCOPES if EVERYTHING in granted else frozenset()
    if not wanted or not wanted <= granted | permitted:
        raise ScopeRefused
    return wanted
