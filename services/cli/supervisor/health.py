"""Asks the processes whether they serve."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.cli.supervisor.processes import GrpcHealth, Health, HttpHealth
from services.mesh.settings import MeshSettings
from services.mesh.tls import channel_credentials, channel_target_options, identity_version

TIMEOUT_SECONDS = 1.0
_RECONNECT_SOON = (
    # The default waits up to two minutes before it looks again at a process that was restarted.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 250),
)
_SUCCESS = re.compile(rb"HTTP/1\.[01] 2\d\d ")


class Probe(Protocol):
    async def is_serving(self) -> bool:
        """Whether the process answers and says that it serves. Never raises."""
        ...

    async def close(self) -> None: ...


Prober = Callable[[Health], Probe]


def mesh_prober(settings: MeshSettings) -> Prober:
    """Probes that show the certificate of the `supervisor`."""

    def probe(health: Health) -> Probe:
        folder = settings.certificate_folder("supervisor")
        if isinstance(health, GrpcHealth):
            return GrpcProbe(health, folder)
        return HttpProbe(health, folder if health.service else None)

    return probe


class GrpcProbe:
    def __init__(self, health: GrpcHealth, certificates: Path) -> None:
        self._health = health
        self._certificates = certificates
        self._version: object = None
        self._channel: grpc.aio.Channel | None = None

    async def is_serving(self) -> bool:
        try:
            stub = health_pb2_grpc.HealthStub(await self._fresh_channel())
            answer = await stub.Check(  # type: ignore[attr-defined]
                health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS
            )
        except (grpc.RpcError, OSError):
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()

    async def _fresh_channel(self) -> grpc.aio.Channel:
        """A channel that shows the newest certificate; it is renewed while the supervisor runs."""
        version = identity_version(self._certificates)
        if self._channel is None or version != self._version:
            await self.close()
            self._version = version
            self._channel = grpc.aio.secure_channel(
                self._health.target,
                channel_credentials(self._certificates),
                options=(*channel_target_options(self._health.service), *_RECONNECT_SOON),
            )
        return self._channel


class HttpProbe:
    """With a folder of certificates over mutual TLS, otherwise in plain text."""

    def __init__(self, health: HttpHealth, certificates: Path | None = None) -> None:
        self._health = health
        self._certificates = certificates
        self._version: object = None
        self._context: ssl.SSLContext | None = None

    async def is_serving(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._ask()
        except (OSError, TimeoutError):
            return False

    async def close(self) -> None:
        return None

    def _tls(self) -> ssl.SSLContext | None:
        if self._certificates is None:
            return None
        version = identity_version(self._certificates)
        if self._context is None or version != self._version:
            folder = self._certificates
            self._version = version
            self._context = ssl.create_default_context(cafile=folder.parent / "ca.pem")
            self._context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return self._context

    async def _ask(self) -> bool:
        tls = self._tls()
        reader, writer = await asyncio.open_connection(
            self._health.host,
            self._health.port,
            ssl=tls,
            server_hostname=f"{self._health.service}.helpdesk.internal" if tls else None,
        )
        try:
            request = f"GET {self._health.path} HTTP/1.1\r\nHost: {self._health.host}\r\n"
            writer.write(f"{request}Connection: close\r\n\r\n".encode())
            await writer.drain()
            status_line = await reader.readline()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return _SUCCESS.match(status_line) is not None
