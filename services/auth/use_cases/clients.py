"""The programs of one tenant that act for themselves or for their users."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.auth.credentials import digest_of, new_secret
from services.auth.domain import User, UserKind
from services.auth.errors.oauth import ClientFieldFixed, ClientIsPublic, ClientRefused
from services.auth.errors.users import UserChanged
from services.auth.oauth_clients import ClientSettings, TenantClient, redirect_uri_fault
from services.auth.ports import AuthStore
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

UPDATABLE_FIELDS = frozenset({"display_name", "redirect_uris", "logout_redirect_uris"})
# Output only, so a caller may send back whole what it read (AIP-203).
IGNORED_FIELDS = frozenset({"client_id", "client_secret", "roles", "public", "create_time", "etag"})


@dataclass(frozen=True, slots=True)
class ClientContent:
    display_name: str
    redirect_uris: tuple[str, ...] = ()
    logout_redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientPage:
    clients: list[TenantClient]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class NewClient:
    """With the secret that is shown once; a public client has none."""

    client: TenantClient
    secret: str


async def create_client(
    store: AuthStore,
    clock: Clock,
    author: Author,
    content: ClientContent,
    roles: Sequence[str],
    *,
    is_public: bool = False,
) -> NewClient:
    _check(content, roles, is_public=is_public)
    secret = "" if is_public else new_secret()
    user = User(
        author.tenant_id,
        UserId(new_id()),
        UserKind.CLIENT,
        "",
        content.display_name,
        tuple(sorted(roles)),
        clock(),
    )
    settings = ClientSettings(is_public, content.redirect_uris, content.logout_redirect_uris)
    async with store.writing(author.tenant_id) as records:
        await require_grantable(records, author, roles)
        # What no secret has as its digest lets nobody in.
        await records.add_user(user, digest_of(secret) if secret else "")
        await records.put_client_settings(user.user_id, settings)
        acts_on("client", user.user_id)
    return NewClient(TenantClient(user, settings), secret)


async def get_client(store: AuthStore, tenant_id: TenantId, client_id: UserId) -> TenantClient:
    async with store.reading(tenant_id) as records:
        return await records.tenant_client(client_id)


async def list_clients(
    store: AuthStore, tenant_id: TenantId, wanted: int, after: str
) -> ClientPage:
    length = page_size(wanted)
    async with store.reading(tenant_id) as records:
        clients = await records.tenant_clients(after, length + 1)
    page = clients[:length]
    return ClientPage(page, page[-1].user.user_id if len(clients) > length else None)


async def update_client(
    store: AuthStore,
    author: Author,
    client_id: UserId,
    content: ClientContent,
    *,
    paths: Sequence[str],
    etag: str,
) -> TenantClient:
    fields = _fields_to_update(paths, content)
    async with store.writing(author.tenant_id) as records:
        client = await records.tenant_client(client_id)
        if etag and etag != client.user.etag:
            raise UserChanged(client.user.etag)
        await require_no_more_than_own(records, author, client.user)
        settings = replace(
            client.settings,
            **{name: getattr(content, name) for name in fields if name != "display_name"},
        )
        name = content.display_name if "display_name" in fields else client.user.display_name
        _check(
            ClientContent(name, settings.redirect_uris, settings.logout_redirect_uris),
            client.user.roles,
            is_public=settings.is_public,
        )
        user = replace(client.user, display_name=name, revision=client.user.revision + 1)
        await records.update_user(user)
        await records.put_client_settings(client_id, settings)
        return TenantClient(user, settings)


async def rotate_client_secret(
    store: AuthStore, clock: Clock, author: Author, client_id: UserId
) -> NewClient:
    """Whoever knows the old secret may have it from a leak, so what it has opened ends."""
    secret = new_secret()
    async with store.writing(author.tenant_id) as records:
        client = await records.tenant_client(client_id)
        await require_no_more_than_own(records, author, client.user)
        if client.settings.is_public:
            raise ClientIsPublic(client_id)
        await records.end_sessions_of_user(client_id, clock())
        await records.set_secret_hash(client_id, digest_of(secret))
        return NewClient(client, secret)


async def delete_client(store: AuthStore, clock: Clock, author: Author, client_id: UserId) -> None:
    """Its row stays, without secret and roles: tickets and audit records name it."""
    now = clock()
    async with store.writing(author.tenant_id) as records:
        client = await records.tenant_client(client_id)
        await require_no_more_than_own(records, author, client.user)
        await records.end_sessions_of_user(client_id, now)
        await records.end_sessions_of_client(client_id, now)
        await records.set_secret_hash(client_id, "")
        await records.set_roles(client_id, ())
        # Setting the roles has counted as a change of its own.
        user = replace(client.user, disable_time=now, revision=client.user.revision + 2)
        await records.update_user(user)
        await records.put_client_settings(client_id, replace(client.settings, delete_time=now))


def _check(content: ClientContent, roles: Sequence[str], *, is_public: bool) -> None:
    if not content.display_name:
        raise ClientRefused("display_name", "value is required")
    for field in ("redirect_uris", "logout_redirect_uris"):
        for uri in getattr(content, field):
            fault = redirect_uri_fault(uri)
            if fault is not None:
                raise ClientRefused(field, fault)
    if is_public and roles:
        raise ClientRefused("roles", "a public client cannot act for itself")
    if not roles and not content.redirect_uris:
        raise ClientRefused("roles", "a client needs roles, redirect_uris, or both")


def _fields_to_update(paths: Sequence[str], content: ClientContent) -> frozenset[str]:
    """Raises ClientFieldFixed for a path that is no field, or one that never changes."""
    if not paths:
        return frozenset(name for name in UPDATABLE_FIELDS if getattr(content, name))
    if "*" in paths:
        return UPDATABLE_FIELDS
    for path in paths:
        if path not in UPDATABLE_FIELDS | IGNORED_FIELDS:
            raise ClientFieldFixed(path)
    return UPDATABLE_FIELDS.intersection(paths)
