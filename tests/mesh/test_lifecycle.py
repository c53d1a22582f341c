"""How a server comes up and goes down."""

import asyncio
from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc

from helpdesk.auth.v1 import token_service_pb2, token_service_pb2_grpc
from services.mesh.server import MeshServer
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES, Scripted
from tests.support.mesh_server import FakeAuthority, RunningServer

IDENTITY = token_service_pb2.GetIdentityRequest()
MAY = ["auth.identity.get"]


async def test_health_serves_once_ready_and_not_after_stopping_began(
    scripted: Scripted, mesh_settings: MeshSettings
) -> None:
    is_ready = asyncio.Event()

    async def wait() -> None:
        await is_ready.wait()

    server = MeshServer(
        name="auth",
        settings=mesh_settings,
        register=scripted.register,
        services=SERVICES,
        authority=FakeAuthority(),
        ready=wait,
        port=0,
    )
    running = RunningServer("auth", await server.start(), mesh_settings, FakeAuthority(), server)
    health: Any = health_pb2_grpc.HealthStub(running.channel("supervisor"))
    statuses = health.Watch(health_pb2.HealthCheckRequest(service=SERVICES[0]))
    assert (await statuses.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
    is_ready.set()
    assert (await statuses.read()).status == health_pb2.HealthCheckResponse.SERVING
    stopping = asyncio.create_task(server.stop(1.0))
    assert (await statuses.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
    statuses.cancel()
    await running.close_channels()
    await stopping


async def test_a_running_call_ends_before_the_server_does(
    server: RunningServer, scripted: Scripted
) -> None:
    began, finish = asyncio.Event(), asyncio.Event()

    async def work(_: object, __: object) -> token_service_pb2.Identity:
        began.set()
        await finish.wait()
        return token_service_pb2.Identity(permissions=["done"])

    scripted.answers["GetIdentity"] = work
    ann = server.user(permissions=MAY)
    stub: Any = token_service_pb2_grpc.TokenServiceStub(server.channel())
    call = stub.GetIdentity(IDENTITY, metadata=ann.metadata)
    await began.wait()
    stopping = asyncio.create_task(server.mesh_server.stop(5.0))
    finish.set()
    assert (await call).permissions == ["done"]
    await stopping
