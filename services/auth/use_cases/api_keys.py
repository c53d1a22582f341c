"""API keys: made once, shown once, exchanged for short tokens, revoked at once."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.auth.api_key_format import is_api_key, new_api_key
from services.auth.credentials import digest_of
from services.auth.domain import (
    ACCESS_TOKEN_LIFE,
    LONGEST_API_KEY_LIFE,
    USUAL_API_KEY_LIFE,
    ApiKey,
    ApiKeyId,
)
from services.auth.errors.api_keys import ApiKeyLifeRefused, ApiKeyNotFound
from services.auth.errors.credentials import CredentialsWrong
from services.auth.ports import AuthStore, TenantRecords
from services.auth.standard_roles import MANAGE_API_KEYS
from services.auth.use_cases.granting import Author, held_by, require_permissions
from services.auth.use_cases.sessions import IssuedToken, Opening, issue, open_session
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acts_on
from services.mesh.caller import UserId
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.mesh.paging import page_size


@dataclass(frozen=True, slots=True)
class ApiKeyWish:
    display_name: str
    scope: frozenset[str]
    expire_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """The one time that the key itself is at hand."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class ApiKeyPage:
    keys: list[ApiKey]
    next_cursor: str | None


async def create_api_key(
    store: AuthStore, clock: Clock, author: Author, wish: ApiKeyWish
) -> NewApiKey:
    """Raises PermissionUnknown, PermissionNotGrantable, ApiKeyLifeRefused."""
    now = clock()
    expire_time = wish.expire_time or now + USUAL_API_KEY_LIFE
    if not now < expire_time <= now + LONGEST_API_KEY_LIFE:
        raise ApiKeyLifeRefused(f"must be within {LONGEST_API_KEY_LIFE.days} days from now")
    secret = new_api_key()
    key = ApiKey(
        author.tenant_id,
        ApiKeyId(new_id()),
        author.user_id,
        wish.display_name,
        wish.scope,
        digest_of(secret),
        now,
        expire_time,
    )
    async with store.writing(author.tenant_id) as records:
        await require_permissions(records, author, wish.scope)
        await records.add_api_key(key)
        acts_on("api_key", key.api_key_id)
    return NewApiKey(key, secret)


async def list_api_keys(store: AuthStore, author: Author, wanted: int, after: str) -> ApiKeyPage:
    length = page_size(wanted)
    async with store.reading(author.tenant_id) as records:
        keys = await records.api_keys(await _whose(records, author), after, length + 1)
    page = keys[:length]
    return ApiKeyPage(page, page[-1].api_key_id if len(keys) > length else None)


async def revoke_api_key(
    store: AuthStore, clock: Clock, author: Author, api_key_id: ApiKeyId
) -> ApiKey:
    """Whoever revokes twice changes nothing the second time."""
    now = clock()
    async with store.writing(author.tenant_id) as records:
        # The row is the lock: nobody opens a session by this key before the end of them all.
        key = await records.lock_api_key(api_key_id)
        whose = await _whose(records, author)
        if key is None or whose not in (None, key.user_id):
            raise ApiKeyNotFound(api_key_id)
        await records.end_sessions_of_client(api_key_id, now)
        if key.revoke_time is None:
            key = replace(key, revoke_time=now)
            await records.revoke_api_key(api_key_id, now)
        return key


async def log_in_with_api_key(desk: TokenDesk, secret: str) -> IssuedToken:
    """Raises CredentialsWrong. What the user lacks by now, the token does not give either."""
    if not is_api_key(secret):
        raise CredentialsWrong
    digest = digest_of(secret)
    async with desk.store.reading_directory() as directory:
        found = await directory.api_key_with_digest(digest)
    if found is None:
        raise CredentialsWrong
    now = desk.clock()
    async with desk.store.writing(found.tenant_id) as records:
        key = await records.lock_api_key(found.api_key_id)
        if key is None or not key.is_live(now):
            raise CredentialsWrong
        opening = Opening(
            key.user_id,
            key.api_key_id,
            key.scope,
            min(ACCESS_TOKEN_LIFE, key.expire_time - now),
            is_renewable=False,
        )
        opened = await open_session(records, opening, now)
    return await issue(desk, opened, now)


async def _whose(records: TenantRecords, author: Author) -> UserId | None:
    """The user whose keys the author sees; None for everybody's."""
    sees_all = MANAGE_API_KEYS in await held_by(records, author)
    return None if sees_all else author.user_id
