"""Logging in, and who one is then."""

from dataclasses import dataclass

from services.auth.credentials import account_name, secret_matches
from services.auth.domain import (
    ACCESS_TOKEN_LIFE,
    Tenant,
    User,
    after_failed_login,
    normal_email,
    permissions_of,
)
from services.auth.errors import CredentialsWrong, LoginThrottled
from services.auth.ports import Account, AuthStore
from services.auth.use_cases.sessions import IssuedToken, Opening, issue, open_session
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.caller import TenantId, UserId


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
    async with desk.store.directory() as directory:
        await directory.forget_login_failures(account)
        records = directory.records(user.tenant_id)
        opened = await open_session(records, Opening(user.user_id), now)
        if better_hash is not None:
            await records.set_secret_hash(user.user_id, better_hash)
    return await issue(desk, opened, now)
