"""The clients of a tenant: on the fake, on SQLite and on PostgreSQL."""

import pytest

from services.auth.credentials import digest_of
from services.auth.domain import Tenant
from services.auth.errors.oauth import (
    ClientFieldFixed,
    ClientIsPublic,
    ClientNotFound,
    ClientRefused,
)
from services.auth.errors.users import UserChanged, UserMayMore
from services.auth.oauth_clients import GrantType
from services.auth.ports import AuthStore
from services.auth.use_cases.clients import (
    ClientContent,
    NewClient,
    create_client,
    delete_client,
    get_client,
    list_clients,
    rotate_client_secret,
    update_client,
)
from services.auth.use_cases.granting import Author
from services.auth.use_cases.sessions import Opening, open_session
from services.mesh.caller import UserId
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.fakes import START, FakeClock

WIKI = ClientContent(
    "Wiki", ("https://wiki.example/callback", "com.example.wiki:/cb"), ("https://wiki.example/",)
)


@pytest.fixture
async def tenant(store: AuthStore) -> Tenant:
    return await keep_tenant(store)


@pytest.fixture
async def admin(store: AuthStore, tenant: Tenant) -> Author:
    return await a_person_with(store, tenant, "admin")


async def a_person_with(store: AuthStore, tenant: Tenant, role: str) -> Author:
    person = await keep_user(store, a_user(tenant, f"{role}@example.com", (role,)))
    return Author(tenant.tenant_id, person.user_id)


@pytest.fixture
async def wiki(store: AuthStore, admin: Author) -> NewClient:
    return await create_client(store, FakeClock(), admin, WIKI, ["agent"])


def id_of(new: NewClient) -> UserId:
    return new.client.user.user_id


async def test_a_client_is_kept_whole_and_may_do_what_it_says(
    store: AuthStore, admin: Author, wiki: NewClient
) -> None:
    assert await get_client(store, admin.tenant_id, id_of(wiki)) == wiki.client
    async with store.reading_directory() as directory:
        client = await directory.oauth_client(id_of(wiki))
    assert client is not None
    assert client.redirect_uris == WIKI.redirect_uris
    assert client.logout_redirect_uris == WIKI.logout_redirect_uris
    assert client.secret_hash == digest_of(wiki.secret)
    assert client.grants == {
        GrantType.CLIENT_CREDENTIALS,
        GrantType.AUTHORIZATION_CODE,
        GrantType.REFRESH_TOKEN,
    }


async def test_a_public_client_has_no_secret_and_does_not_act_for_itself(
    store: AuthStore, admin: Author
) -> None:
    new = await create_client(store, FakeClock(), admin, WIKI, [], is_public=True)
    assert new.secret == ""
    async with store.reading_directory() as directory:
        client = await directory.oauth_client(id_of(new))
    assert client is not None
    assert client.is_public
    assert GrantType.CLIENT_CREDENTIALS not in client.grants
    with pytest.raises(ClientIsPublic):
        await rotate_client_secret(store, FakeClock(), admin, id_of(new))


@pytest.mark.parametrize(
    "uri",
    [
        "http://wiki.example/callback",
        "https://wiki.example/#fragment",
        "https://user@wiki.example/",
        "https:///nowhere",
        "javascript:alert(1)",
        "data:text/html,x",
        "wiki:/callback",
        "https://*.example/callback",
        "https://wiki.example/a b",
        "https://wiki.example/é",
        "https://wiki.example:port/",
        "",
        "callback",
    ],
)
async def test_a_client_is_not_answered_just_anywhere(
    store: AuthStore, admin: Author, uri: str
) -> None:
    for content in (
        ClientContent("Wiki", (uri,)),
        ClientContent("Wiki", WIKI.redirect_uris, (uri,)),
    ):
        with pytest.raises(ClientRefused):
            await create_client(store, FakeClock(), admin, content, ["agent"])


@pytest.mark.parametrize(
    ("content", "roles", "is_public"),
    [
        (ClientContent("Wiki"), [], False),
        (ClientContent("Wiki"), [], True),
        (WIKI, ["agent"], True),
        (ClientContent("", WIKI.redirect_uris), [], False),
    ],
)
async def test_a_client_that_could_do_nothing_is_refused(
    store: AuthStore, admin: Author, content: ClientContent, roles: list[str], is_public: bool
) -> None:
    with pytest.raises(ClientRefused):
        await create_client(store, FakeClock(), admin, content, roles, is_public=is_public)


async def test_clients_are_listed_in_pages_and_people_are_not(
    store: AuthStore, tenant: Tenant, admin: Author
) -> None:
    await keep_user(store, a_user(tenant))
    made = [
        id_of(
            await create_client(store, FakeClock(), admin, ClientContent(f"Robot {n}"), ["agent"])
        )
        for n in range(3)
    ]
    first = await list_clients(store, tenant.tenant_id, 2, "")
    assert first.next_cursor is not None
    second = await list_clients(store, tenant.tenant_id, 2, first.next_cursor)
    assert second.next_cursor is None
    listed = [client.user.user_id for client in (*first.clients, *second.clients)]
    assert listed == sorted(made)


async def test_an_update_changes_what_it_names(
    store: AuthStore, admin: Author, wiki: NewClient
) -> None:
    content = ClientContent("Handbook", ("https://other.example/",))
    changed = await update_client(
        store, admin, id_of(wiki), content, paths=["redirect_uris"], etag=wiki.client.user.etag
    )
    assert changed.user.display_name == "Wiki"
    assert changed.settings.redirect_uris == content.redirect_uris
    assert changed.settings.logout_redirect_uris == WIKI.logout_redirect_uris
    assert await get_client(store, admin.tenant_id, id_of(wiki)) == changed
    with pytest.raises(UserChanged):
        await update_client(
            store, admin, id_of(wiki), content, paths=["*"], etag=wiki.client.user.etag
        )
    with pytest.raises(ClientFieldFixed):
        await update_client(store, admin, id_of(wiki), content, paths=["secret"], etag="")
    bad = ClientContent("", ("http://other.example/",))
    with pytest.raises(ClientRefused):
        await update_client(store, admin, id_of(wiki), bad, paths=[], etag="")


async def test_a_new_secret_ends_what_the_old_one_opened(
    store: AuthStore, admin: Author, wiki: NewClient
) -> None:
    async with store.writing(admin.tenant_id) as records:
        opened = await open_session(records, Opening(id_of(wiki), id_of(wiki)), START)
    rotated = await rotate_client_secret(store, FakeClock(), admin, id_of(wiki))
    assert rotated.secret != wiki.secret
    async with store.reading(admin.tenant_id) as records:
        session = await records.session(opened.session.session_id)
    assert session is not None
    assert not session.is_open(START)
    async with store.reading_directory() as directory:
        client = await directory.oauth_client(id_of(wiki))
    assert client is not None
    assert client.secret_hash == digest_of(rotated.secret)


async def test_a_deleted_client_is_gone_with_all_that_it_opened(
    store: AuthStore, admin: Author, wiki: NewClient
) -> None:
    async with store.writing(admin.tenant_id) as records:
        opened = [
            await open_session(records, Opening(user_id, id_of(wiki)), START)
            for user_id in (id_of(wiki), admin.user_id)
        ]
        own = await open_session(records, Opening(admin.user_id), START)
    await delete_client(store, FakeClock(), admin, id_of(wiki))
    async with store.reading(admin.tenant_id) as records:
        for each in opened:
            session = await records.session(each.session.session_id)
            assert session is not None
            assert not session.is_open(START)
        other = await records.session(own.session.session_id)
        assert other is not None
        assert other.is_open(START)
    async with store.reading_directory() as directory:
        assert await directory.oauth_client(id_of(wiki)) is None
    assert (await list_clients(store, admin.tenant_id, 10, "")).clients == []
    with pytest.raises(ClientNotFound):
        await delete_client(store, FakeClock(), admin, id_of(wiki))


async def test_another_tenants_client_does_not_exist(store: AuthStore, wiki: NewClient) -> None:
    stranger = await a_person_with(store, await keep_tenant(store, "globex"), "admin")
    with pytest.raises(ClientNotFound):
        await get_client(store, stranger.tenant_id, id_of(wiki))
    with pytest.raises(ClientNotFound):
        await update_client(store, stranger, id_of(wiki), WIKI, paths=[], etag="")
    with pytest.raises(ClientNotFound):
        await rotate_client_secret(store, FakeClock(), stranger, id_of(wiki))
    with pytest.raises(ClientNotFound):
        await delete_client(store, FakeClock(), stranger, id_of(wiki))
    assert (await list_clients(store, stranger.tenant_id, 10, "")).clients == []


async def test_a_person_is_no_client(store: AuthStore, admin: Author) -> None:
    with pytest.raises(ClientNotFound):
        await delete_client(store, FakeClock(), admin, admin.user_id)


async def test_nobody_touches_a_client_that_may_do_more(
    store: AuthStore, tenant: Tenant, admin: Author
) -> None:
    mighty = await create_client(store, FakeClock(), admin, WIKI, ["admin"])
    agent = await a_person_with(store, tenant, "agent")
    with pytest.raises(UserMayMore):
        await rotate_client_secret(store, FakeClock(), agent, id_of(mighty))
    with pytest.raises(UserMayMore):
        await delete_client(store, FakeClock(), agent, id_of(mighty))
    with pytest.raises(UserMayMore):
        await update_client(store, agent, id_of(mighty), WIKI, paths=[], etag="")
