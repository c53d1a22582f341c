"""Tenants and users that are ready to be asked about."""

from services.auth.domain import (
    OWN_CLIENT,
    SESSION_LIFE,
    RefreshToken,
    Session,
    SessionId,
    SigningKey,
    Tenant,
    User,
    UserKind,
)
from services.auth.ports import AuthStore
from services.auth.standard_roles import roles_of
from services.auth.use_cases.granting import Author
from services.mesh.caller import TenantId, UserId
from services.mesh.ids import new_id
from services.mesh.scopes import FULL_SCOPE
from tests.auth.fakes import START

PASSWORD = "correct horse"
HASH = f"plain:{PASSWORD}"


def a_tenant(slug: str = "acme") -> Tenant:
    return Tenant(TenantId(new_id()), slug, slug.title(), START)


def a_user(
    tenant: Tenant, email: str = "ada@example.com", roles: tuple[str, ...] = ("customer",)
) -> User:
    return User(
        tenant.tenant_id, UserId(new_id()), UserKind.PERSON, email, "Ada", tuple(roles), START
    )


def a_client(tenant: Tenant, roles: tuple[str, ...] = ("agent",)) -> User:
    return User(tenant.tenant_id, UserId(new_id()), UserKind.CLIENT, "", "Robot", roles, START)


def a_session(user: User) -> Session:
    return Session(
        user.tenant_id,
        SessionId(new_id()),
        user.user_id,
        OWN_CLIENT,
        FULL_SCOPE,
        START,
        START + SESSION_LIFE,
    )


def a_refresh_token(session: Session, digest: str = "d1") -> RefreshToken:
    return RefreshToken(digest, session.session_id, START, START + SESSION_LIFE)


def a_signing_key(key_id: str = "k1") -> SigningKey:
    return SigningKey(key_id, "-----BEGIN …", START)


async def keep_tenant(store: AuthStore, slug: str = "acme") -> Tenant:
    """Keeps a new tenant with its standard roles."""
    tenant = a_tenant(slug)
    async with store.directory() as directory:
        await directory.add_tenant(tenant)
        await directory.records(tenant.tenant_id).add_roles(roles_of(slug))
    return tenant


async def keep_author(store: AuthStore, tenant: Tenant, role: str = "admin") -> Author:
    """A program with this role: it is not counted among the tenant's people."""
    author = await keep_user(store, a_client(tenant, roles=(role,)))
    return Author(tenant.tenant_id, author.user_id)


async def keep_user(store: AuthStore, user: User, secret_hash: str = HASH) -> User:
    async with store.writing(user.tenant_id) as records:
        await records.add_user(user, secret_hash)
    return user
