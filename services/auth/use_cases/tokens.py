"""Logging in, and who one is then."""

from dataclasses import dataclass

from services.auth.credentials import secret_matches
from services.auth.domain import ACCESS_TOKEN_LIFE, Tenant, User, permissions_of
from services.auth.errors.credentials import CredentialsWrong
from services.auth.ports import AuthStore
from services.auth.use_cases.authentication import authenticate
from services.auth.use_cases.sessions import IssuedToken, Opening, issue, open_session
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.caller import TenantId, UserId


@dataclass(frozen=True, slots=True)
class Identity:
    user: User
    tenant: Tenant
    permissions: frozenset[str]


async def log_in(
    desk: TokenDesk, tenant_slug: str, email: str, password: str, one_time_code: str = ""
) -> IssuedToken:
    user = await authenticate(desk, tenant_slug, email, password, one_time_code)
    now = desk.clock()
    async with desk.store.writing(user.tenant_id) as records:
        opened = await open_session(records, Opening(user.user_id), now)
    return await issue(desk, opened, now)


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
        opening = Opening(
            client.user.user_id, client_id, life=ACCESS_TOKEN_LIFE, is_renewable=False
        )
        opened = await open_session(records, opening, now)
    return await issue(desk, opened, now)


async def get_identity(store: AuthStore, tenant_id: TenantId, user_id: UserId) -> Identity:
    async with store.reading(tenant_id) as records:
        user = await records.user(user_id)
        tenant = await records.tenant()
        roles = {role.name: role for role in await records.roles()}
    return Identity(user, tenant, permissions_of(user, roles))
