"""Signing keys take turns, and nobody notices."""

import asyncio
import base64
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from grpc import StatusCode

from helpdesk.auth.v1 import signing_key_service_pb2, token_service_pb2
from services.auth.domain import ACCESS_TOKEN_LIFE, SIGNING_KEY_LEAD, SIGNING_KEY_MEMORY
from services.auth.ports import AuthStore
from services.auth.signing import KeyRing, PublicKey, make_signing_key
from services.auth.use_cases.platform import ensure_signing_key
from services.auth.use_cases.signing_keys import (
    KeyRotation,
    list_signing_keys,
    rotate_signing_keys,
)
from services.mesh.errors import TokenInvalid
from services.mesh.scopes import FULL_SCOPE
from services.mesh.tokens import TokenVerifier
from tests.auth.builders import a_session, a_tenant, a_user
from tests.auth.desk import Desk
from tests.auth.fakes import FakeClock
from tests.auth.running_auth import RunningAuth
from tests.support.mesh_server import refused

ISSUER = "https://helpdesk.test"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ROTATIONS = 20


@pytest.fixture
async def rotation(desk: Desk) -> KeyRotation:
    await ensure_signing_key(desk.store, desk.clock, make_signing_key)
    return KeyRotation(desk.store, desk.clock, make_signing_key)


class Edge:
    """Verifies as the gateway does: with a set of keys that it fetches once a minute."""

    def __init__(self, keys: KeyRing, clock: FakeClock) -> None:
        self._keys = keys
        self._clock = clock
        self._known: dict[str, EllipticCurvePublicKey] = {}
        self._fetched: datetime | None = None
        self._verifier = TokenVerifier(ISSUER, self._known.get, clock)
        self.most_at_once = 0

    async def accepts(self, token: str) -> bool:
        if self._fetched is None or self._clock() - self._fetched >= MINUTE:
            self._fetched = self._clock()
            self._known.clear()
            for key in await self._keys.public_keys():
                self._known[key.key_id] = _loaded(key)
            self.most_at_once = max(self.most_at_once, len(self._known))
        try:
            self._verifier.verify(token)
        except TokenInvalid:
            return False
        return True


def _loaded(key: PublicKey) -> EllipticCurvePublicKey:
    x, y = (int.from_bytes(base64.urlsafe_b64decode(f"{part}=")) for part in (key.x, key.y))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()


async def refused_while_rotating(desk: Desk, lead: timedelta) -> tuple[int, int, int]:
    """Calls, refused calls, and the most keys at once, while keys rotate again and again."""
    await ensure_signing_key(desk.store, desk.clock, make_signing_key)
    # Two replicas of auth: one signs and rotates, the other one shows the keys.
    signing, showing = (KeyRing(desk.store, desk.clock, ISSUER) for _ in range(2))
    rotation = KeyRotation(desk.store, desk.clock, make_signing_key, signing.forget, lead)
    edge = Edge(showing, desk.clock)
    user = a_user(a_tenant())
    session = a_session(user)
    calls = failures = done = 0
    live: list[tuple[datetime, str]] = []
    while done < ROTATIONS:
        if calls % 50 == 0:
            await rotate_signing_keys(rotation)
            done += 1
        issued = await signing.sign(user, session, FULL_SCOPE, desk.clock())
        live.append((issued.expire_time, issued.text))
        live = [(end, token) for end, token in live if end > desk.clock()]
        for token in (live[0][1], live[-1][1]):
            calls += 1
            failures += not await edge.accepts(token)
        desk.clock.advance(10 * SECOND)
    return calls, failures, edge.most_at_once


async def test_no_call_fails_while_keys_rotate_20_times(desk: Desk) -> None:
    calls, failures, most_at_once = await refused_while_rotating(desk, SIGNING_KEY_LEAD)
    assert (calls > 900, failures) == (True, 0)
    assert most_at_once >= 2


async def test_calls_would_fail_if_new_keys_signed_at_once(desk: Desk) -> None:
    """The control of the test above."""
    _, failures, _ = await refused_while_rotating(desk, timedelta())
    assert failures > 0


async def test_a_new_key_is_shown_before_it_signs(desk: Desk, rotation: KeyRotation) -> None:
    [old] = await list_signing_keys(rotation)
    new = await rotate_signing_keys(rotation)
    assert {key.key_id for key in await list_signing_keys(rotation)} == {old.key_id, new.key_id}
    for now, signer in (
        (desk.clock(), old),
        (desk.clock() + SIGNING_KEY_LEAD - SECOND, old),
        (desk.clock() + SIGNING_KEY_LEAD, new),
    ):
        keys = desk.store.state.signing_keys.values()
        assert [key.key_id for key in keys if key.signs(now)] == [signer.key_id]


async def test_an_old_key_verifies_until_its_last_token_has_ended(
    desk: Desk, rotation: KeyRotation
) -> None:
    [old] = await list_signing_keys(rotation)
    await rotate_signing_keys(rotation)
    desk.clock.advance(SIGNING_KEY_LEAD + ACCESS_TOKEN_LIFE)
    assert old.key_id in {key.key_id for key in await list_signing_keys(rotation)}
    desk.clock.advance(SIGNING_KEY_MEMORY - ACCESS_TOKEN_LIFE)
    assert old.key_id not in {key.key_id for key in await list_signing_keys(rotation)}
    desk.clock.advance(SECOND)
    await rotate_signing_keys(rotation)
    assert old.key_id not in desk.store.state.signing_keys


async def test_a_key_that_waits_for_its_time_is_not_overtaken(
    desk: Desk, rotation: KeyRotation
) -> None:
    first = await rotate_signing_keys(rotation)
    assert await rotate_signing_keys(rotation) == first
    desk.clock.advance(SIGNING_KEY_LEAD)
    assert await rotate_signing_keys(rotation) != first


async def test_keys_rotate_by_themselves_when_they_are_old(
    desk: Desk, rotation: KeyRotation
) -> None:
    age = timedelta(days=30)
    [old] = await list_signing_keys(rotation)
    desk.clock.advance(age - SECOND)
    assert await rotate_signing_keys(rotation, age) == old
    desk.clock.advance(SECOND)
    assert await rotate_signing_keys(rotation, age) != old


async def test_replicas_that_rotate_together_make_one_key(store: AuthStore) -> None:
    clock = FakeClock()
    await ensure_signing_key(store, clock, make_signing_key)
    rotation = KeyRotation(store, clock, make_signing_key)
    made = await asyncio.gather(*(rotate_signing_keys(rotation) for _ in range(4)))
    assert len({key.key_id for key in made}) == 1
    clock.advance(SIGNING_KEY_LEAD + SIGNING_KEY_MEMORY + SECOND)
    await rotate_signing_keys(rotation)
    async with store.reading_directory() as directory:
        keys = await directory.signing_keys()
    assert [key.retire_time for key in keys] == [None, keys[0].first_use]


async def test_an_operator_rotates_and_everyone_sees_both_keys(auth: RunningAuth) -> None:
    operator = await auth.operator()
    made = await auth.signing_keys.RotateSigningKeys(
        signing_key_service_pb2.RotateSigningKeysRequest(), metadata=operator.metadata
    )
    shown = await auth.tokens.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
    assert made.key_id in {key.kid for key in shown.keys}
    assert len(shown.keys) == 2
    listed = await auth.signing_keys.ListSigningKeys(
        signing_key_service_pb2.ListSigningKeysRequest(), metadata=operator.metadata
    )
    assert [key.key_id for key in listed.signing_keys] == [key.kid for key in shown.keys]
    assert await auth.operator()


async def test_admins_do_not_touch_the_platforms_keys(auth: RunningAuth) -> None:
    admin = await auth.admin()
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.signing_keys.RotateSigningKeys(
            signing_key_service_pb2.RotateSigningKeysRequest(), metadata=admin.metadata
        )
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.signing_keys.ListSigningKeys(
            signing_key_service_pb2.ListSigningKeysRequest(), metadata=admin.metadata
        )
