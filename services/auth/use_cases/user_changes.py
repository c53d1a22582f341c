"""Changing users: their names and addresses, and whether they are let in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.auth.domain import ADMIN, User, UserKind, leaves_no_admin, normal_email
from services.auth.errors.users import LastAdmin, UserChanged, UserFieldFixed, UserIncomplete
from services.auth.ports import AuthStore, TenantRecords
from services.auth.use_cases.granting import Author, require_no_more_than_own
from services.mesh.caller import UserId
from services.mesh.clock import Clock

UPDATABLE_FIELDS = frozenset({"email", "display_name"})

# Output only, so a client may send back whole what it read (AIP-203); the etag is a condition.
IGNORED_FIELDS = frozenset({"user_id", "create_time", "state", "etag"})


@dataclass(frozen=True, slots=True)
class UserContent:
    email: str
    display_name: str


async def update_user(
    store: AuthStore,
    author: Author,
    user_id: UserId,
    content: UserContent,
    *,
    paths: Sequence[str],
    etag: str,
) -> User:
    fields = fields_to_update(paths, content)
    async with store.writing(author.tenant_id) as records:
        return await _change(
            records, author, user_id, etag, lambda user: _updated(user, content, fields)
        )


async def disable_user(
    store: AuthStore, clock: Clock, author: Author, user_id: UserId, etag: str
) -> User:
    """Whoever is disabled already stays so; the sessions end all the same."""
    now = clock()
    async with store.writing(author.tenant_id) as records:
        await records.end_sessions_of_user(user_id, now)
        # Before anything is read: two admins who disable each other must not both succeed.
        await records.lock_policy()
        user = await records.user(user_id)
        _require_etag(user, etag)
        await require_no_more_than_own(records, author, user)
        if leaves_no_admin(user, (), await records.people_with_role(ADMIN)):
            raise LastAdmin(user_id)
        if user.disable_time is None:
            user = replace(user, disable_time=now, revision=user.revision + 1)
            await records.update_user(user)
        await records.delete_account_codes(user_id)
        return user


async def enable_user(store: AuthStore, author: Author, user_id: UserId, etag: str) -> User:
    async with store.writing(author.tenant_id) as records:
        await records.lock_policy()
        return await _change(
            records, author, user_id, etag, lambda user: replace(user, disable_time=None)
        )


def fields_to_update(paths: Sequence[str], content: UserContent) -> frozenset[str]:
    """Raises UserFieldFixed for a path that is no field of a user, or one that has its own verb."""
    if not paths:
        return frozenset(name for name in UPDATABLE_FIELDS if getattr(content, name))
    if "*" in paths:
        return UPDATABLE_FIELDS
    for path in paths:
        if path not in UPDATABLE_FIELDS | IGNORED_FIELDS:
            raise UserFieldFixed(path)
    return UPDATABLE_FIELDS.intersection(paths)


def _updated(user: User, content: UserContent, fields: frozenset[str]) -> User:
    for field in sorted(fields):
        if not getattr(content, field):
            raise UserIncomplete(f"user.{field}")
    if user.kind is UserKind.CLIENT and "email" in fields:
        raise UserFieldFixed("email")
    return replace(
        user,
        email=normal_email(content.email) if "email" in fields else user.email,
        display_name=content.display_name if "display_name" in fields else user.display_name,
    )


async def _change(
    records: TenantRecords,
    author: Author,
    user_id: UserId,
    etag: str,
    decide: Callable[[User], User],
) -> User:
    user = await records.user(user_id)
    _require_etag(user, etag)
    await require_no_more_than_own(records, author, user)
    changed = decide(user)
    if changed == user:
        return user
    changed = replace(changed, revision=user.revision + 1)
    await records.update_user(changed)
    return changed


def _require_etag(user: User, etag: str) -> None:
    if etag and etag != user.etag:
        raise UserChanged(user.etag)
