"""Keys that sign, keys that verify, and tokens as the mesh wants them."""

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest

from helpdesk.auth.v1 import token_service_pb2
from services.auth.convert import key_set_message
from services.auth.domain import ACCESS_TOKEN_LIFE, SESSION_LIFE, Session, SessionId, User
from services.auth.signing import KeyRing, make_signing_key
from services.mesh.authority import public_key
from services.mesh.caller import TenantId, UserId
from services.mesh.errors import Internal, TokenInvalid
from services.mesh.scopes import FULL_SCOPE
from services.mesh.tokens import TokenVerifier
from tests.auth.builders import a_tenant, a_user
from tests.auth.fake_store import FakeAuthStore
from tests.auth.fakes import START, FakeClock

ISSUER = "https://helpdesk.test"
SESSION = Session(
    TenantId("acme"),
    SessionId("session-1"),
    UserId("ada"),
    "the-wiki",
    frozenset({"openid", "ticket.tickets.get"}),
    START,
    START + SESSION_LIFE,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def memory() -> FakeAuthStore:
    return FakeAuthStore()


@pytest.fixture
def keys(memory: FakeAuthStore, clock: FakeClock) -> KeyRing:
    return KeyRing(memory, clock, ISSUER)


@pytest.fixture
def ada() -> User:
    return a_user(a_tenant(), roles=("admin", "agent"))


async def add_key(store: FakeAuthStore, clock: FakeClock) -> str:
    key = make_signing_key(clock)
    async with store.directory() as directory:
        await directory.add_signing_key(key)
    return key.key_id


async def test_a_token_says_who_where_and_until_when(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing, ada: User
) -> None:
    await add_key(memory, clock)
    token = await keys.sign(ada, SESSION, FULL_SCOPE, clock())
    claims = TokenVerifier(ISSUER, keys.find_key, clock).verify(token.text)
    assert claims.tenant_id == ada.tenant_id
    assert claims.user_id == ada.user_id
    assert claims.session_id == SESSION.session_id
    assert claims.client_id == "the-wiki"
    assert claims.scope == FULL_SCOPE
    assert claims.roles == {"admin", "agent"}
    assert claims.expires_at == token.expire_time == clock() + ACCESS_TOKEN_LIFE


async def test_a_token_may_be_good_for_a_part_only(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing, ada: User
) -> None:
    await add_key(memory, clock)
    token = await keys.sign(ada, SESSION, SESSION.scope, clock())
    payload = jwt.decode(token.text, options={"verify_signature": False})
    assert payload["scope"] == "openid ticket.tickets.get"
    assert TokenVerifier(ISSUER, keys.find_key, clock).verify(token.text).scope == SESSION.scope


async def test_a_token_of_a_key_that_is_not_ours_is_refused(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing, ada: User
) -> None:
    strangers = FakeAuthStore()
    kid = await add_key(memory, clock)
    [ours] = memory.state.signing_keys.values()
    async with strangers.directory() as directory:
        await directory.add_signing_key(replace(make_signing_key(clock), key_id=kid))
    forged = await KeyRing(strangers, clock, ISSUER).sign(ada, SESSION, FULL_SCOPE, clock())
    await keys.look_for(ours.key_id)
    with pytest.raises(TokenInvalid):
        TokenVerifier(ISSUER, keys.find_key, clock).verify(forged.text)


async def test_the_published_keys_verify_the_tokens(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing, ada: User
) -> None:
    await add_key(memory, clock)
    token = await keys.sign(ada, SESSION, FULL_SCOPE, clock())
    message: token_service_pb2.JsonWebKeySet = key_set_message(await keys.public_keys())
    published = {key.kid: public_key(key) for key in message.keys}
    assert TokenVerifier(ISSUER, published.get, clock).verify(token.text).user_id == ada.user_id


async def test_the_newest_key_signs_and_older_ones_still_verify(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing, ada: User
) -> None:
    older = await add_key(memory, clock)
    before = await keys.sign(ada, SESSION, FULL_SCOPE, clock())
    clock.advance(timedelta(minutes=2))
    newer = await add_key(memory, clock)
    after = await keys.sign(ada, SESSION, FULL_SCOPE, clock())
    assert jwt.get_unverified_header(after.text)["kid"] == newer
    assert [key.key_id for key in await keys.public_keys()] == [newer, older]
    verifier = TokenVerifier(ISSUER, keys.find_key, clock)
    assert verifier.verify(before.text).user_id == verifier.verify(after.text).user_id


async def test_a_retired_key_neither_signs_nor_shows_after_a_while(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing, ada: User
) -> None:
    key_id = await add_key(memory, clock)
    token = await keys.sign(ada, SESSION, FULL_SCOPE, clock())
    memory.state.signing_keys[key_id] = replace(
        memory.state.signing_keys[key_id], retire_time=clock()
    )
    clock.advance(timedelta(minutes=2))
    with pytest.raises(Internal):
        await keys.sign(ada, SESSION, FULL_SCOPE, clock())
    assert await keys.public_keys()
    clock.advance(ACCESS_TOKEN_LIFE)
    assert await keys.public_keys() == []
    with pytest.raises(TokenInvalid):
        TokenVerifier(ISSUER, keys.find_key, clock).verify(token.text)


async def test_a_key_that_another_replica_made_is_found_by_its_id(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing
) -> None:
    await add_key(memory, clock)
    await keys.public_keys()
    clock.advance(timedelta(seconds=2))
    newer = await add_key(memory, clock)
    assert keys.find_key(newer) is None
    await keys.look_for(newer)
    assert keys.find_key(newer) is not None


async def test_made_up_key_ids_do_not_ask_the_database_each_time(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing
) -> None:
    await add_key(memory, clock)
    await keys.look_for("made-up")
    newer = await add_key(memory, clock)
    await keys.look_for(newer)
    assert keys.find_key(newer) is None


async def test_coordinates_are_published_in_full_width(
    memory: FakeAuthStore, clock: FakeClock, keys: KeyRing
) -> None:
    for _ in range(300):
        await add_key(memory, clock)
    assert {len(part) for key in await keys.public_keys() for part in (key.x, key.y)} == {43}
