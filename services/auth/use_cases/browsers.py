"""The browsers that users are logged in in."""

from services.auth.authorization import (
    BROWSER_SESSION_LIFE,
    BrowserSession,
    BrowserSessionId,
    SignedIn,
)
from services.auth.credentials import digest_of, new_secret
from services.auth.domain import TenantState, User, UserState
from services.auth.errors.credentials import CredentialsWrong
from services.auth.errors.tenants import TenantSuspended
from services.auth.errors.users import UserNotFound
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acting_for, acts_on
from services.mesh.ids import new_id


async def sign_in(desk: TokenDesk, user: User) -> tuple[SignedIn, str]:
    """Returns the secret, too; a new one each time, so that nobody can bring one along."""
    secret = new_secret()
    now = desk.clock()
    session = BrowserSession(
        user.tenant_id,
        BrowserSessionId(new_id()),
        digest_of(secret),
        user.user_id,
        now,
        now + BROWSER_SESSION_LIFE,
    )
    acting_for(user.tenant_id, user.user_id)
    acts_on("user", user.user_id)
    async with desk.store.writing(user.tenant_id) as records:
        tenant = await records.hold_tenant()
        if tenant.state is TenantState.SUSPENDED:
            raise TenantSuspended
        if tenant.state is not TenantState.ACTIVE:
            raise CredentialsWrong
        await records.add_browser_session(session)
    return SignedIn(session, user, tenant), secret


async def signed_in(desk: TokenDesk, secret: str) -> SignedIn | None:
    """Who is logged in in the browser with this secret, as long as they may be."""
    if not secret:
        return None
    async with desk.store.reading_directory() as directory:
        session = await directory.browser_session(digest_of(secret))
        if session is None or desk.clock() >= session.expire_time:
            return None
        records = directory.records(session.tenant_id)
        try:
            user = await records.user(session.user_id)
        except UserNotFound:
            return None
        tenant = await records.tenant()
        if user.state is not UserState.ACTIVE or tenant.state is not TenantState.ACTIVE:
            return None
        return SignedIn(session, user, tenant)
