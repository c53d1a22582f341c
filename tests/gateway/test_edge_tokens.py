"""Who gets in: with which token, by which door."""

import re
import time
from pathlib import Path

import grpc
import grpc.aio
import httpx2
import pytest

from services.gateway.__main__ import DESCRIPTOR_SET
from services.gateway.contract import Binding, Method, read_contract
from tests.gateway.access_tokens import SigningKey, bearer
from tests.gateway.calls import call
from tests.gateway.edge import eventually
from tests.gateway.mesh import SIGNING_KEYS, Mesh, running_mesh
from tests.gateway.refusals import grpc_reason_of, reason_of

CONTRACT = read_contract(DESCRIPTOR_SET)
PROTECTED = [method for method in CONTRACT.exposed if not method.is_public]
PUBLIC = [method for method in CONTRACT.exposed if method.is_public]
BINDINGS = [
    pytest.param(method, binding, id=f"{binding.verb} {binding.path}")
    for method in CONTRACT.exposed
    for binding in method.bindings
]


def a_path(binding: Binding) -> str:
    return re.sub(r"\{[^}]+\}", "1", binding.path)


def test_most_rpcs_are_protected() -> None:
    assert len(PROTECTED) > 25
    assert {method.name for method in PUBLIC} == {
        "IssueToken",
        "RefreshToken",
        "RevokeToken",
        "GetSigningKeys",
        # Whoever calls these cannot log in yet; a secret of one use speaks for them.
        "AcceptInvitation",
        "ResetPassword",
    }


@pytest.mark.parametrize(("method", "binding"), BINDINGS)
async def test_a_rest_route_asks_for_a_token_unless_it_is_public(
    mesh: Mesh, stranger: httpx2.AsyncClient, method: Method, binding: Binding
) -> None:
    answer = await stranger.request(binding.verb, a_path(binding))

    if method.is_public:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 401
        assert reason_of(answer) == "TOKEN_MISSING"
        assert mesh.calls() == []


@pytest.mark.parametrize(("method", "binding"), BINDINGS)
async def test_a_rest_route_reaches_its_rpc_with_a_token(
    mesh: Mesh, rest: httpx2.AsyncClient, method: Method, binding: Binding
) -> None:
    answer = await rest.request(binding.verb, a_path(binding))

    assert answer.status_code == 200, answer.text
    assert mesh[method.area].last.path == method.path


@pytest.mark.parametrize("method", CONTRACT.exposed, ids=lambda method: method.path)
async def test_an_rpc_asks_for_a_token_unless_it_is_public(
    mesh: Mesh, channel: grpc.aio.Channel, method: Method
) -> None:
    if method.is_public:
        await call(channel, method, {})
        return

    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await call(channel, method, {})

    assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert grpc_reason_of(refusal.value) == "TOKEN_MISSING"
    assert mesh.calls() == []
    await call(channel, method, bearer(mesh.token()))
    assert mesh[method.area].last.path == method.path


FETCH_FAILED = "Jwks async fetching"
BAD_CLAIMS = {
    "expired": {"exp": int(time.time()) - 60},
    "without an end": {"exp": None},
    "not valid yet": {"nbf": int(time.time()) + 3600},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "for another audience": {"aud": "elsewhere"},
    "without an audience": {"aud": None},
}


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
async def test_a_token_with_a_bad_claim_is_refused(mesh: Mesh, claims: dict[str, object]) -> None:
    async with mesh.client(mesh.token(**claims)) as client:
        answer = await client.get("/v1/tickets/1")

    assert answer.status_code == 401
    assert reason_of(answer) == "TOKEN_INVALID"
    assert mesh.calls() == []


async def test_a_forged_token_is_refused(mesh: Mesh, channel: grpc.aio.Channel) -> None:
    forged = SigningKey(mesh.signing_keys[0].kid).token()
    header, payload, _ = mesh.token().split(".")

    for token in (forged, f"{header}.{payload}.", "not.a.token", "nonsense"):
        async with mesh.client(token) as client:
            answer = await client.get("/v1/tickets/1")
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call(channel, PROTECTED[0], bearer(token))

        assert answer.status_code == 401
        assert reason_of(answer) == "TOKEN_INVALID"
        assert grpc_reason_of(refusal.value) == "TOKEN_INVALID"
    assert mesh.calls() == []


async def test_a_token_in_the_query_is_no_token(mesh: Mesh, stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.get("/v1/tickets/1", params={"access_token": mesh.token()})

    assert answer.status_code == 401


async def test_the_services_get_the_token_to_check_it_themselves(
    mesh: Mesh, rest: httpx2.AsyncClient
) -> None:
    await rest.get("/v1/tickets/1")

    assert mesh["ticket"].last.metadata["authorization"] == rest.headers["authorization"]


async def test_a_rotated_signing_key_is_picked_up(tmp_path: Path) -> None:
    async with running_mesh(tmp_path, {"signing_keys_age_seconds": "1"}) as mesh:
        old_token, new_key = mesh.token(), SigningKey("key-2")
        async with mesh.client(new_key.token()) as new, mesh.client(old_token) as old:
            assert await status(new) == 401

            mesh.signing_keys.insert(0, new_key)
            await eventually(lambda: answers(new, 200))
            assert await status(old) == 200

            mesh.signing_keys.pop()
            await eventually(lambda: answers(old, 401))


async def test_the_keys_at_hand_stay_good_while_auth_is_away(tmp_path: Path) -> None:
    short = {"signing_keys_age_seconds": "1"}
    async with running_mesh(tmp_path, short) as mesh, mesh.client() as client:
        await eventually(lambda: answers(client, 200))
        await eventually(lambda: was_fetched_ahead(mesh))
        await mesh["auth"].stop()
        failures = mesh.edge.log.count(FETCH_FAILED)

        async def has_failed_again() -> bool:
            return mesh.edge.log.count(FETCH_FAILED) >= failures + 8

        await eventually(has_failed_again)
        assert await status(client) == 200


async def was_fetched_ahead(mesh: Mesh) -> bool:
    """By each of the two listeners, in the background."""
    return len([call for call in mesh["auth"].calls if call.path == SIGNING_KEYS]) > 4


async def answers(client: httpx2.AsyncClient, expected: int) -> bool:
    return await status(client) == expected


async def status(client: httpx2.AsyncClient) -> int:
    return (await client.get("/v1/tickets/1")).status_code
