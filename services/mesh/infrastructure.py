"""Health checks and reflection: what every server offers beside the contract, and to whom."""

import asyncio
from collections.abc import Iterable

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha._async import ReflectionServicer
from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server

from services.mesh.certificates import SERVICES
from services.mesh.contract import MethodPolicy

HEALTH = "grpc.health.v1.Health"
REFLECTION = reflection.SERVICE_NAME
_DAY_SECONDS = 86_400.0


def _policy(default_timeout_seconds: float, max_timeout_seconds: float) -> MethodPolicy:
    return MethodPolicy(
        permission="",
        public=True,
        callers=frozenset(SERVICES),
        audited=False,
        default_timeout_seconds=default_timeout_seconds,
        max_timeout_seconds=max_timeout_seconds,
        idempotent=True,
    )


POLICIES = {
    f"/{HEALTH}/Check": _policy(2.0, 10.0),
    f"/{HEALTH}/List": _policy(2.0, 10.0),
    f"/{HEALTH}/Watch": _policy(_DAY_SECONDS, _DAY_SECONDS),
    f"/{REFLECTION}/ServerReflectionInfo": _policy(60.0, 600.0),
}


class Health:
    """Says of the server and each of its services whether they serve."""

    def __init__(self, services: Iterable[str]) -> None:
        self._services = ("", *services)
        self._servicer = health.HealthServicer()

    def register(self, server: grpc.aio.Server) -> None:
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def say(self, *, serving: bool) -> None:
        status = (
            health_pb2.HealthCheckResponse.SERVING
            if serving
            else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        await asyncio.gather(*(self._servicer.set(name, status) for name in self._services))


def register_reflection(server: grpc.aio.Server, services: Iterable[str]) -> None:
    servicer = ReflectionServicer((*services, HEALTH, REFLECTION))
    add_ServerReflectionServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]
