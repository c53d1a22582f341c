"""From what a provider says of somebody to a user of the tenant, with today's roles."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NoReturn, TypeVar

from services.auth.credentials import new_secret
from services.auth.domain import ADMIN, TenantState, User, UserState, leaves_no_admin
from services.auth.errors.identity_providers import ExternalUserRefused
from services.auth.errors.tenants import TenantSuspended
from services.auth.errors.users import UserEmailTaken
from services.auth.federation import (
    AddressVerdict,
    ExternalIdentity,
    ExternalUser,
    IdentityProvider,
    address_verdict,
    mapped_roles,
    roles_after_login,
)
from services.auth.ports import TenantRecords
from services.auth.use_cases.token_desk import TokenDesk
from services.auth.use_cases.users import NewPerson, a_person
from services.mesh.audit import acting_for

Result = TypeVar("Result")
Use = Callable[[TenantRecords, User], Awaitable[Result]]


async def let_in(
    desk: TokenDesk, provider: IdentityProvider, external: ExternalUser, use: Use[Result]
) -> Result:
    """Finds, links or makes the user, maps the roles, and does `use`, all in one transaction.

    Raises ExternalUserRefused, and TenantSuspended.
    """
    secret_hash = await _hash_that_nothing_matches(desk, provider, external)
    for is_last_try in (False, True):
        try:
            async with desk.store.writing(provider.tenant_id) as records:
                user = await _settle(desk, records, provider, external, secret_hash)
                acting_for(provider.tenant_id, user.user_id)
                return await use(records, user)
        except UserEmailTaken:
            # The same person at the same moment in another window; now the identity is there.
            if is_last_try:
                raise
    raise AssertionError


async def _settle(
    desk: TokenDesk,
    records: TenantRecords,
    provider: IdentityProvider,
    external: ExternalUser,
    secret_hash: str,
) -> User:
    await _require_open(records)
    mapped = mapped_roles(provider, external.claims, await records.roles())
    identity = await records.external_identity(external.issuer, external.subject)
    if identity is None:
        user = await _first_login(
            desk, records, provider, external, mapped=mapped, secret_hash=secret_hash
        )
        before: tuple[str, ...] = ()
    else:
        user = await records.user(identity.user_id)
        before = identity.roles
    if user.state is UserState.DISABLED:
        _refuse("user disabled")
    user = await _with_roles(records, user, roles_after_login(user.roles, provider, before, mapped))
    now = desk.clock()
    await records.keep_external_identity(
        ExternalIdentity(
            provider.tenant_id,
            external.issuer,
            external.subject,
            user.user_id,
            tuple(sorted(mapped)),
            identity.create_time if identity else now,
            now,
        )
    )
    return user


async def _require_open(records: TenantRecords) -> None:
    tenant = await records.hold_tenant()
    if tenant.state is TenantState.SUSPENDED:
        raise TenantSuspended
    if tenant.state is not TenantState.ACTIVE:
        _refuse("tenant going")


async def _first_login(
    desk: TokenDesk,
    records: TenantRecords,
    provider: IdentityProvider,
    external: ExternalUser,
    *,
    mapped: frozenset[str],
    secret_hash: str,
) -> User:
    email = external.email
    verdict = address_verdict(provider, email)
    if email is None or verdict is AddressVerdict.NOTHING:
        _refuse("address not vouched for")
    account = await records.person(email)
    if account is not None:
        if verdict is not AddressVerdict.LINK_TOO:
            _refuse("address taken")
        # Providers give an address to the next person; the user stays with the one before.
        if await records.has_external_identity(account.user.user_id, external.issuer):
            _refuse("user tied to another subject")
        return await _accepted(records, account.user, secret_hash)
    if not provider.creates_users:
        _refuse("no such user")
    person = NewPerson(email, external.display_name or email, tuple(mapped), "")
    user = a_person(provider.tenant_id, person, desk.clock)
    await records.add_user(user, secret_hash)
    return user


async def _accepted(records: TenantRecords, user: User, secret_hash: str) -> User:
    """Who was invited and comes through the provider needs no password and no code any more."""
    if user.state is not UserState.INVITED:
        return user
    accepted = replace(user, is_invited=False, revision=user.revision + 1)
    await records.update_user(accepted)
    await records.set_secret_hash(user.user_id, secret_hash)
    await records.delete_account_codes(user.user_id)
    return accepted


async def _with_roles(records: TenantRecords, user: User, roles: tuple[str, ...]) -> User:
    if roles == user.roles:
        return user
    # Before the count of admins: two of them who lose the role must not both see two.
    await records.lock_policy()
    if leaves_no_admin(user, roles, await records.people_with_role(ADMIN)):
        _refuse("last admin")
    await records.set_roles(user.user_id, roles)
    return user.holding(roles)


async def _hash_that_nothing_matches(
    desk: TokenDesk, provider: IdentityProvider, external: ExternalUser
) -> str:
    """For a user without a password, slow like all others; made before the transaction."""
    async with desk.store.reading(provider.tenant_id) as records:
        if await records.external_identity(external.issuer, external.subject) is not None:
            return ""
    return await desk.passwords.hash(new_secret())


def _refuse(rule: str) -> NoReturn:
    raise ExternalUserRefused(rule)
