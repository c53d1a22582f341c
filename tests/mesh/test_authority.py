import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from helpdesk.auth.v1 import policy_service_pb2, token_service_pb2
from services.mesh.access import Access, PolicyRefused, Rule, grant, membership, policy_digest
from services.mesh.authority import KeepsCurrent, RemoteAuthority, public_key
from services.mesh.caller import TenantId, UserId
from services.mesh.clock import utc_now
from services.mesh.errors import PolicyUnavailable, TokenInvalid
from services.mesh.ids import new_id
from services.mesh.policy import ended_session
from services.mesh.policy_messages import messages_of, rules_of
from tests.mesh.scripted import Scripted
from tests.support.mesh_server import RunningServer

ACME, ANN = TenantId("acme"), UserId("ann")
RULES = [grant("acme", "agent", "ticket.tickets.get"), membership("acme", "ann", "agent")]


class Signer:
    def __init__(self, name: str) -> None:
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> token_service_pb2.JsonWebKey:
        numbers = self.key.public_key().public_numbers()
        return token_service_pb2.JsonWebKey(
            kty="EC",
            use="sig",
            alg="ES256",
            kid=self.name,
            crv="P-256",
            x=coordinate(numbers.x),
            y=coordinate(numbers.y),
        )

    def token(self, life: timedelta = timedelta(minutes=5), session_id: str = "session-1") -> str:
        now = int(utc_now().timestamp())
        claims = {
            "iss": "http://127.0.0.1:8080",
            "sub": "ann",
            "aud": "helpdesk",
            "exp": now + int(life.total_seconds()),
            "iat": now,
            "nbf": now,
            "jti": new_id(),
            "sid": session_id,
            "tenant_id": "acme",
            "client_id": "helpdesk",
            "scope": "helpdesk",
            "roles": ["agent"],
        }
        return jwt.encode(claims, self.key, "ES256", headers={"typ": "at+jwt", "kid": self.name})


def coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")


def snapshot(version: int, rules: list[Rule], digest: str = "") -> policy_service_pb2.PolicyEvent:
    event = policy_service_pb2.PolicyEvent(seq=1)
    event.snapshot.version = version
    event.snapshot.digest = digest or policy_digest(rules)
    event.snapshot.rules.extend(messages_of(rules))
    return event


def change(
    base: int, added: list[Rule], removed: Sequence[Rule] = (), digest: str = ""
) -> policy_service_pb2.PolicyEvent:
    """What follows on a snapshot of `RULES`."""
    rules = {*RULES, *added}.difference(removed)
    event = policy_service_pb2.PolicyEvent(seq=2)
    event.change.version = base + 1
    event.change.base_version = base
    event.change.digest = digest or policy_digest(rules)
    event.change.added.extend(messages_of(added))
    event.change.removed.extend(messages_of(removed))
    return event


def heartbeat(version: int) -> policy_service_pb2.PolicyEvent:
    event = policy_service_pb2.PolicyEvent(seq=2)
    event.heartbeat.version = version
    return event


class Auth:
    """Plays the auth service on a script: keys to publish and events to send."""

    def __init__(self, scripted: Scripted) -> None:
        self.keys = [Signer("key-1").public]
        self.openings: asyncio.Queue[None] = asyncio.Queue()
        self.events: asyncio.Queue[policy_service_pb2.PolicyEvent | None] = asyncio.Queue()
        scripted.answers["GetSigningKeys"] = self._keys
        scripted.stream = self._stream

    async def _keys(self, _: object, __: object) -> token_service_pb2.JsonWebKeySet:
        return token_service_pb2.JsonWebKeySet(keys=self.keys)

    async def _stream(self, _: object, __: object) -> AsyncIterator[Any]:
        self.openings.put_nowait(None)
        while (event := await self.events.get()) is not None:
            yield event


@pytest.fixture
def auth(scripted: Scripted) -> Auth:
    return Auth(scripted)


class Heard(Access):
    """Lets a test wait for the next word from auth."""

    def __init__(self) -> None:
        super().__init__(self.time)
        self.seconds = 0.0
        self.word = asyncio.Event()

    def time(self) -> float:
        return self.seconds

    def hear(self) -> None:
        super().hear()
        self.word.set()

    async def next_word(self) -> None:
        async with asyncio.timeout(5):
            await self.word.wait()
        self.word.clear()


@pytest.fixture
def access() -> Heard:
    return Heard()


@pytest.fixture
async def authority(
    server: RunningServer, auth: Auth, access: Heard
) -> AsyncIterator[RemoteAuthority]:
    del auth
    authority = RemoteAuthority(server.settings_with_peer(), caller_service="ticket", access=access)
    running = asyncio.create_task(authority.run())
    yield authority
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await authority.close()


async def test_it_is_an_authority_that_keeps_itself_current(authority: RemoteAuthority) -> None:
    assert isinstance(authority, KeepsCurrent)


async def test_the_policy_of_auth_decides(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    with pytest.raises(PolicyUnavailable):
        authority.permissions(ACME, ANN)
    auth.events.put_nowait(snapshot(1, RULES))
    await authority.wait_until_current()
    assert authority.permissions(ACME, ANN) == {"ticket.tickets.get"}
    access.word.clear()
    auth.events.put_nowait(snapshot(2, RULES[:1]))
    await access.next_word()
    assert authority.permissions(ACME, ANN) == frozenset()


async def test_a_heartbeat_keeps_it_open_and_silence_closes_it(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    access.seconds = 59.0
    auth.events.put_nowait(heartbeat(1))
    await access.next_word()
    access.seconds = 118.0
    assert authority.permissions(ACME, ANN)
    access.seconds = 120.0
    with pytest.raises(PolicyUnavailable):
        authority.permissions(ACME, ANN)


async def test_a_heartbeat_of_another_version_fetches_the_policy_anew(
    authority: RemoteAuthority, auth: Auth, access: Heard, scripted: Scripted
) -> None:
    await auth.openings.get()
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    auth.events.put_nowait(heartbeat(2))
    await auth.openings.get()
    auth.events.put_nowait(snapshot(2, RULES[:1]))
    await access.next_word()
    assert scripted.calls["WatchPolicy"] == 2
    assert authority.permissions(ACME, ANN) == frozenset()


async def test_what_is_decided_by_is_confirmed_under_the_name_of_the_stream(
    authority: RemoteAuthority, auth: Auth, access: Heard, scripted: Scripted
) -> None:
    auth.events.put_nowait(snapshot(7, RULES))
    first = await scripted.confirmed.get()
    assert (first.version, authority.permissions(ACME, ANN)) == (
        7,
        frozenset({"ticket.tickets.get"}),
    )
    auth.events.put_nowait(heartbeat(7))
    auth.events.put_nowait(snapshot(8, RULES[:1]))
    second = await scripted.confirmed.get()
    assert (second.version, authority.permissions(ACME, ANN)) == (8, frozenset())
    assert second.watch_id == first.watch_id
    auth.events.put_nowait(None)
    auth.events.put_nowait(snapshot(8, RULES[:1]))
    assert (await scripted.confirmed.get()).watch_id not in ("", first.watch_id)


async def test_a_broken_stream_is_opened_again(
    authority: RemoteAuthority, auth: Auth, access: Heard, scripted: Scripted
) -> None:
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    auth.events.put_nowait(None)
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    assert scripted.calls["WatchPolicy"] == 2
    assert authority.permissions(ACME, ANN)


async def test_a_policy_that_does_not_match_its_digest_is_not_used(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    await auth.openings.get()
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    wider = [*RULES, grant("acme", "agent", "auth.users.create")]
    auth.events.put_nowait(snapshot(2, wider, digest=policy_digest(RULES)))
    await auth.openings.get()
    auth.events.put_nowait(snapshot(3, RULES))
    await access.next_word()
    assert authority.permissions(ACME, ANN) == {"ticket.tickets.get"}
    assert access.version == 3


async def test_a_token_of_a_published_key_is_believed(
    authority: RemoteAuthority, auth: Auth
) -> None:
    signer = Signer("key-7")
    auth.keys = [signer.public]
    claims = await authority.verify(signer.token())
    assert (claims.tenant_id, claims.user_id) == ("acme", "ann")


async def test_keys_with_made_up_names_ask_auth_once(
    authority: RemoteAuthority, auth: Auth, scripted: Scripted
) -> None:
    for number in range(20):
        with pytest.raises(TokenInvalid):
            await authority.verify(Signer(f"made-up-{number}").token())
    assert scripted.calls["GetSigningKeys"] == 1


async def test_a_known_token_ends_when_it_says(server: RunningServer, auth: Auth) -> None:
    now = utc_now()
    signer = Signer("key-1")
    auth.keys = [signer.public]
    authority = RemoteAuthority(
        server.settings_with_peer(), caller_service="ticket", clock=lambda: now
    )
    token = signer.token()
    assert await authority.verify(token)
    now += timedelta(minutes=5)
    with pytest.raises(TokenInvalid):
        await authority.verify(token)
    await authority.close()


async def test_a_token_of_an_ended_session_is_refused_also_when_it_was_believed_before(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    signer = Signer("key-1")
    auth.keys = [signer.public]
    ann, other = signer.token(), signer.token(session_id="session-2")
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    assert await authority.verify(ann)
    auth.events.put_nowait(change(1, [ended_session("acme", "session-1")]))
    await access.next_word()
    with pytest.raises(TokenInvalid):
        await authority.verify(ann)
    with pytest.raises(TokenInvalid):
        await authority.verify(signer.token())
    assert await authority.verify(other)
    assert authority.permissions(ACME, ANN)
    assert access.version == 2


async def test_a_change_of_what_is_allowed_is_in_force_at_once(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    assert authority.permissions(ACME, ANN) == {"ticket.tickets.get"}
    auth.events.put_nowait(change(1, [WIDER, membership("acme", "bob", "agent")]))
    await access.next_word()
    assert authority.permissions(ACME, ANN) == {"ticket.tickets.get", "auth.users.create"}
    assert authority.permissions(ACME, UserId("bob")) == authority.permissions(ACME, ANN)
    rest = [*RULES, WIDER, membership("acme", "bob", "agent")]
    dropped = membership("acme", "ann", "agent")
    digest = policy_digest([rule for rule in rest if rule != dropped])
    auth.events.put_nowait(change(2, [], [dropped], digest))
    await access.next_word()
    assert authority.permissions(ACME, ANN) == authority.roles(ACME, ANN) == frozenset()
    assert authority.roles(ACME, UserId("bob")) == {"agent"}


async def test_a_policy_in_parts_counts_when_it_is_whole(
    authority: RemoteAuthority, auth: Auth, access: Heard, scripted: Scripted
) -> None:
    digest = policy_digest(RULES)
    first = snapshot(4, RULES[:1], digest)
    first.snapshot.is_partial = True
    auth.events.put_nowait(first)
    auth.events.put_nowait(None)  # the stream breaks, and the next one begins anew
    auth.events.put_nowait(first)
    with pytest.raises(PolicyUnavailable):
        authority.permissions(ACME, ANN)
    auth.events.put_nowait(snapshot(4, RULES[1:], digest))
    await access.next_word()
    assert authority.permissions(ACME, ANN) == {"ticket.tickets.get"}
    assert (await scripted.confirmed.get()).version == 4
    assert scripted.confirmed.empty()


async def test_a_snapshot_names_ended_sessions_too(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    signer = Signer("key-1")
    auth.keys = [signer.public]
    event = snapshot(1, RULES, policy_digest([*RULES, ended_session("acme", "session-1")]))
    event.snapshot.rules.extend(messages_of([ended_session("acme", "session-1")]))
    auth.events.put_nowait(event)
    await access.next_word()
    with pytest.raises(TokenInvalid):
        await authority.verify(signer.token())


WIDER = grant("acme", "agent", "auth.users.create")


@pytest.mark.parametrize(
    "event",
    [
        change(7, [WIDER]),
        change(1, [WIDER], digest=policy_digest(RULES)),
        change(1, [RULES[0]], digest=policy_digest([WIDER])),
        change(1, [], [WIDER], digest=policy_digest(RULES)),
        change(1, [("g", "u:*", "r:agent", "t:acme")]),
    ],
    ids=["of another version", "of another digest", "known already", "never known", "malformed"],
)
async def test_a_change_that_does_not_fit_fetches_the_policy_anew(
    authority: RemoteAuthority, auth: Auth, access: Heard, event: policy_service_pb2.PolicyEvent
) -> None:
    await auth.openings.get()
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    auth.events.put_nowait(event)
    async with asyncio.timeout(5):
        await auth.openings.get()
    assert access.version == 1
    assert authority.permissions(ACME, ANN) == {"ticket.tickets.get"}


async def test_a_long_call_is_told_of_the_end_of_its_session(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    check = authority.session_check(ACME, "session-1")
    check()
    auth.events.put_nowait(change(1, [ended_session("acme", "session-1")]))
    await access.next_word()
    with pytest.raises(TokenInvalid):
        check()


async def test_a_long_call_ends_with_silence_and_does_not_go_on_after_it(
    authority: RemoteAuthority, auth: Auth, access: Heard
) -> None:
    auth.events.put_nowait(snapshot(1, RULES))
    await access.next_word()
    check = authority.session_check(ACME, "session-1")
    access.seconds = 61.0
    with pytest.raises(PolicyUnavailable):
        check()
    auth.events.put_nowait(heartbeat(1))
    await access.next_word()
    with pytest.raises(PolicyUnavailable):
        check()
    authority.session_check(ACME, "session-1")()


def test_a_rule_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(PolicyRefused):
        rules_of([policy_service_pb2.PolicyRule(tenant_id="acme")])


def test_a_key_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(PolicyRefused):
        public_key(token_service_pb2.JsonWebKey(kty="RSA", kid="key-1"))


def test_a_point_off_the_curve_is_refused() -> None:
    key = Signer("key-1").public
    key.x = coordinate(5)
    with pytest.raises((PolicyRefused, ValueError)):
        public_key(key)
