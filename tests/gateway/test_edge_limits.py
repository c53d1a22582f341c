"""How many calls are let through, and for whom."""

from pathlib import Path

import grpc
import grpc.aio
import httpx2
import pytest

from tests.gateway.access_tokens import bearer
from tests.gateway.calls import send
from tests.gateway.mesh import Mesh, running_mesh
from tests.gateway.refusals import GATEWAY, grpc_reason_of, reason_of

BURST = 3
LIMITS = {
    "tenant_requests_per_second": "1",
    "tenant_burst": str(BURST),
    "anonymous_requests_per_second": "1",
    "anonymous_burst": str(BURST),
}
GET_TICKET = "/helpdesk.ticket.v1.TicketService/GetTicket"


async def statuses(mesh: Mesh, tenant_id: str, calls: int) -> list[int]:
    async with mesh.client(mesh.token(tenant_id=tenant_id)) as client:
        return [(await client.get("/v1/tickets/1")).status_code for _ in range(calls)]


async def test_a_tenant_that_calls_too_often_is_slowed_down_alone(tmp_path: Path) -> None:
    async with running_mesh(tmp_path, LIMITS) as mesh:
        async with mesh.client(mesh.token(tenant_id="busy")) as client:
            answers = [await client.get("/v1/tickets/1") for _ in range(BURST + 3)]
        refused = answers[-1]

        assert [answer.status_code for answer in answers[:BURST]] == [200] * BURST
        assert refused.status_code == 429
        assert reason_of(refused) == GATEWAY
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["x-ratelimit-limit"] == str(BURST)
        assert refused.headers["x-ratelimit-remaining"] == "0"

        assert await statuses(mesh, "quiet", 1) == [200]
        await assert_grpc_is_slowed_down(mesh, "busy")


async def assert_grpc_is_slowed_down(mesh: Mesh, tenant_id: str) -> None:
    metadata = bearer(mesh.token(tenant_id=tenant_id))

    async def call_often(channel: grpc.aio.Channel) -> None:
        for _ in range(BURST + 3):
            await send(channel, GET_TICKET, metadata)

    async with mesh.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call_often(channel)

    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert grpc_reason_of(refusal.value) == GATEWAY


async def test_many_tenants_do_not_make_the_gateway_forget_one(tmp_path: Path) -> None:
    async with running_mesh(tmp_path, LIMITS) as mesh:
        assert 429 in await statuses(mesh, "busy", BURST + 3)
        for number in range(25):
            assert await statuses(mesh, f"tenant-{number}", 1) == [200]

        assert 429 in await statuses(mesh, "busy", BURST)


async def test_control_with_envoys_own_number_of_buckets_it_does(tmp_path: Path) -> None:
    def forgetful(configuration: object) -> None:
        for limit in find(configuration, "max_dynamic_descriptors"):
            limit["max_dynamic_descriptors"] = 20

    async with running_mesh(tmp_path, LIMITS, forgetful) as mesh:
        assert 429 in await statuses(mesh, "busy", BURST + 3)
        for number in range(25):
            assert await statuses(mesh, f"tenant-{number}", 1) == [200]

        assert await statuses(mesh, "busy", BURST) == [200] * BURST


def find(node: object, key: str) -> list[dict[str, object]]:
    if isinstance(node, list):
        return [found for each in node for found in find(each, key)]
    if isinstance(node, dict):
        inside = [found for each in node.values() for found in find(each, key)]
        return [node, *inside] if key in node else inside
    return []


async def test_calls_without_a_token_have_a_limit_of_their_own(tmp_path: Path) -> None:
    async with running_mesh(tmp_path, LIMITS) as mesh:
        async with mesh.client(token="") as client:
            answers = [await client.post("/v1/tokens", json={}) for _ in range(BURST + 3)]

        assert answers[0].status_code == 200
        assert answers[-1].status_code == 429
        assert reason_of(answers[-1]) == GATEWAY
        assert await statuses(mesh, "quiet", 1) == [200]


async def test_a_token_does_not_lift_the_limit_of_public_calls(tmp_path: Path) -> None:
    async with running_mesh(tmp_path, LIMITS) as mesh:
        seen = set()
        for number in range(BURST + 3):
            token = mesh.token(tenant_id=f"tenant-{number}")
            async with mesh.client(token) as client:
                seen.add((await client.post("/v1/tokens", json={})).status_code)

        assert 429 in seen


async def test_a_preflight_is_answered_for_known_origins_only(
    mesh: Mesh, stranger: httpx2.AsyncClient
) -> None:
    ask = {
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization",
    }
    known = await stranger.options(
        "/v1/tickets/1", headers={"origin": "https://desk.example", **ask}
    )
    over_grpc_web = await stranger.options(
        GET_TICKET, headers={"origin": "https://desk.example", **ask}
    )
    unknown = await stranger.options(
        "/v1/tickets/1", headers={"origin": "https://evil.example", **ask}
    )

    for answer in (known, over_grpc_web):
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://desk.example"
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert "authorization" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers
    assert unknown.status_code == 401
    assert "access-control-allow-origin" not in unknown.headers
    assert mesh.calls() == []


async def test_a_browser_may_read_refusals_too(rest: httpx2.AsyncClient) -> None:
    for path in ("/v1/tickets/1", "/v1/nothing", "/v1/tickets?nope=1"):
        answer = await rest.get(path, headers={"origin": "https://desk.example"})

        assert answer.headers["access-control-allow-origin"] == "https://desk.example"
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
