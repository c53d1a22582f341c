"""The users, clients and roles of one tenant."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.auth.domain import (
    ADMIN,
    Role,
    User,
    UserKind,
    leaves_no_admin,
    normal_email,
)
from services.auth.errors.users import LastAdmin, UserIncomplete
from services.auth.ports import AuthStore, Passwords
from services.auth.use_cases.choosing_password import hash_of
from services.auth.use_cases.granting import (
    Author,
    require_grantable,
    require_no_more_than_own,
)
from services.mesh.audit import acts_on
from services.mesh.caller import TenantId, UserId
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.mesh.paging import page_size

UserCursor = tuple[str, str]
FIRST_USER: UserCursor = ("", "")


@dataclass(frozen=True, slots=True)
class NewPerson:
    email: str
    display_name: str
    roles: tuple[str, ...]
    password: str = ""


@dataclass(frozen=True, slots=True)
class UserPage:
    users: list[User]
    next_cursor: UserCursor | None


async def create_user(
    store: AuthStore, passwords: Passwords, clock: Clock, author: Author, person: NewPerson
) -> User:
    user = a_person(author.tenant_id, person, clock)
    async with store.reading(author.tenant_id) as records:
        slug = (await records.tenant()).slug
    secret_hash = await hash_of(
        passwords, person.password, field="password", tenant_slug=slug, email=person.email
    )
    async with store.writing(author.tenant_id) as records:
        await require_grantable(records, author, user.roles)
        await records.add_user(user, secret_hash)
        acts_on("user", user.user_id)
    return user


async def get_user(store: AuthStore, tenant_id: TenantId, user_id: UserId) -> User:
    async with store.reading(tenant_id) as records:
        return await records.user(user_id)


async def list_users(
    store: AuthStore, tenant_id: TenantId, wanted: int, after: UserCursor
) -> UserPage:
    length = page_size(wanted)
    async with store.reading(tenant_id) as records:
        users = await records.users(after, length + 1)
    page = users[:length]
    has_more = len(users) > length
    return UserPage(page, (page[-1].email, page[-1].user_id) if has_more else None)


async def set_user_roles(
    store: AuthStore, author: Author, user_id: UserId, roles: Sequence[str]
) -> User:
    async with store.writing(author.tenant_id) as records:
        # Before anything is read: two admins who demote each other must not both see two admins.
        await records.lock_policy()
        user = await records.user(user_id)
        await require_no_more_than_own(records, author, user)
        await require_grantable(records, author, roles)
        if leaves_no_admin(user, roles, await records.people_with_role(ADMIN)):
            raise LastAdmin(user_id)
        await records.set_roles(user_id, roles)
        return user.holding(roles)


async def list_roles(store: AuthStore, tenant_id: TenantId) -> list[Role]:
    async with store.reading(tenant_id) as records:
        return await records.roles()


def a_person(
    tenant_id: TenantId, person: NewPerson, clock: Clock, *, is_invited: bool = False
) -> User:
    """Raises UserIncomplete."""
    for field in ("email", "display_name"):
        if not getattr(person, field):
            raise UserIncomplete(f"user.{field}")
    return User(
        tenant_id,
        UserId(new_id()),
        UserKind.PERSON,
        normal_email(person.email),
        person.display_name,
        tuple(sorted(person.roles)),
        clock(),
        is_invited=is_invited,
    )
