"""How the gateway starts, and how it ends."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx2
import psutil
import pytest
from google.protobuf.message import Message

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.settings import REPOSITORY
from tests.gateway.edge import eventually, free_ports
from tests.gateway.mesh import Mesh, running_mesh
from tests.gateway.upstream import Context

GET_TICKET = "/helpdesk.ticket.v1.TicketService/GetTicket"


async def test_sigterm_lets_calls_under_way_finish(tmp_path: Path) -> None:
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    async def wait(request: Message, context: Context) -> Message:
        arrived.set()
        await may_answer.wait()
        return ticket_pb2.Ticket(subject="Printer")

    async with running_mesh(tmp_path) as mesh, mesh.client() as client:
        mesh["ticket"].answers[GET_TICKET] = wait
        call = asyncio.create_task(client.get("/v1/tickets/1", headers={"grpc-timeout": "9S"}))
        await arrived.wait()

        process = mesh.edge.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        await mesh.edge.wait_until("/healthz", 0)
        may_answer.set()

        assert (await call).json()["subject"] == "Printer"
        assert await process.wait() == 0


async def test_a_call_that_does_not_end_does_not_keep_the_gateway(tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def never(request: Message, context: Context) -> Message:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with (
        running_mesh(tmp_path, {"stop_grace_seconds": "0.5"}) as mesh,
        mesh.client() as client,
    ):
        mesh["ticket"].answers[GET_TICKET] = never
        call = asyncio.create_task(client.get("/v1/tickets/1", headers={"grpc-timeout": "9S"}))
        await arrived.wait()

        await mesh.edge.stop()

        with pytest.raises(httpx2.TransportError):
            await call


@pytest.mark.parametrize("victim", ["keeper", "envoy"])
async def test_killing_one_process_ends_both(tmp_path: Path, victim: str) -> None:
    async with running_mesh(tmp_path) as mesh:
        process = mesh.edge.process
        assert process is not None
        (envoy,) = psutil.Process(process.pid).children()

        os.kill(process.pid if victim == "keeper" else envoy.pid, signal.SIGKILL)

        assert await process.wait() != 0
        await mesh.edge.wait_until("/healthz", 0)


async def test_the_plain_port_is_on_loopback_whatever_the_host(tmp_path: Path) -> None:
    async with running_mesh(tmp_path, {"host": "0.0.0.0"}) as mesh:  # noqa: S104 - the point of the test
        process = mesh.edge.process
        assert process is not None
        (envoy,) = psutil.Process(process.pid).children()
        listening = {
            each.laddr.port: each.laddr.ip
            for each in envoy.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
        }

    assert listening == {
        mesh.edge.http_port: "127.0.0.1",
        mesh.edge.admin_port: "127.0.0.1",
        mesh.edge.https_port: "0.0.0.0",  # noqa: S104
    }


async def test_bad_settings_end_it_with_one_line() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway",
        cwd=REPOSITORY,
        env={**os.environ, "HELPDESK_TENANT_BURST": "none"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()

    assert process.returncode == 1
    assert complaint.startswith(b"bad settings: HELPDESK_TENANT_BURST: ")
    assert len(complaint.splitlines()) == 1


async def test_health_and_readiness_are_two_things(tmp_path: Path) -> None:
    async with running_mesh(tmp_path) as mesh, mesh.client(token="") as client:
        await mesh["search"].stop()
        await mesh.edge.wait_until("/readyz", 503)

        assert (await client.get("/healthz")).status_code == 200
        not_ready = await client.get("/readyz")
        assert not_ready.headers["content-type"] == "application/json"

        async with mesh.client() as known:
            answer = await known.get("/v1/documents/1")
        assert answer.status_code == 503
        assert answer.json()["details"][0]["reason"] == "PEER_UNAVAILABLE"

        await mesh["search"].start()
        await mesh.edge.wait_until("/readyz", 200)


async def test_the_bridge_is_reached_over_mutual_tls(tmp_path: Path) -> None:
    mesh = Mesh(tmp_path)
    mesh.authority.write_service(mesh.certificates / "bridge", "bridge")
    (port,) = free_ports(1)
    bridge = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway.bridge",
        cwd=REPOSITORY,
        env={
            **os.environ,
            "HELPDESK_CERTIFICATES": str(mesh.certificates),
            "HELPDESK_BRIDGE_PORT": str(port),
        },
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await mesh.start_upstreams()
        await mesh.start_edge({"bridge_port": str(port)})
        await mesh.edge.wait_until("/openapi.json", 200)
        async with mesh.client(token="") as client:
            assert "openapi" in (await client.get("/openapi.json")).json()
            assert (await client.get("/docs", follow_redirects=True)).status_code == 200
            assert (await client.get("/docs-of-another-kind")).status_code == 401
    finally:
        await mesh.stop()
        bridge.terminate()
        await bridge.wait()


async def test_a_failed_call_is_logged_without_its_query(tmp_path: Path) -> None:
    async with running_mesh(tmp_path) as mesh, mesh.client() as client:
        await client.get("/v1/tickets/1")
        answer = await client.get("/v1/nothing?email=a@b.example")

        async def is_logged() -> bool:
            return answer.headers["x-request-id"] in mesh.edge.log

        await eventually(is_logged)
        assert '"path":"/v1/nothing"' in mesh.edge.log
        assert "a@b.example" not in mesh.edge.log
        assert '"path":"/v1/tickets/1"' not in mesh.edge.log


async def test_counters_carry_the_whole_name_of_the_service(mesh: Mesh) -> None:
    async with mesh.client() as client, httpx2.AsyncClient() as admin:
        await client.get("/v1/tickets/1")
        address = f"http://127.0.0.1:{mesh.edge.admin_port}/stats/prometheus"
        counters = (await admin.get(address)).text

    (line,) = [
        line
        for line in counters.splitlines()
        if line.startswith("envoy_cluster_grpc_success{") and 'grpc_method="GetTicket"' in line
    ]
    assert 'grpc_service="helpdesk.ticket.v1.TicketService"' in line
    assert 'envoy_cluster_name="ticket"' in line
