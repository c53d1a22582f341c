"""Four upstreams behind one gateway, with a key that signs tokens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import grpc.aio
import httpx2
from google.protobuf.message import Message

from helpdesk.auth.v1 import token_service_pb2
from tests.gateway.access_tokens import SigningKey, bearer
from tests.gateway.certificate_authority import CertificateAuthority
from tests.gateway.edge import Edge, Tamper
from tests.gateway.upstream import Call, Context, Upstream

SERVICES = ("auth", "ticket", "search", "chat")
_PLENTY = "1000000"
UNHURRIED = {
    "tenant_requests_per_second": _PLENTY,
    "tenant_burst": _PLENTY,
    "anonymous_requests_per_second": _PLENTY,
    "anonymous_burst": _PLENTY,
}
SIGNING_KEYS = "/helpdesk.auth.v1.TokenService/GetSigningKeys"


class Mesh:
    def __init__(self, folder: Path) -> None:
        self.authority = CertificateAuthority()
        self.certificates = folder / "certificates"
        self.authority.write(self.certificates, "edge", "gateway")
        self.upstreams = {name: Upstream(name, self.authority) for name in SERVICES}
        self.signing_keys = [SigningKey("key-1")]
        self.may_publish_keys = asyncio.Event()
        self.may_publish_keys.set()
        self.upstreams["auth"].answers[SIGNING_KEYS] = self._publish
        self.data = folder / "data"
        self._edge: Edge | None = None

    @property
    def edge(self) -> Edge:
        assert self._edge is not None
        return self._edge

    def __getitem__(self, service: str) -> Upstream:
        return self.upstreams[service]

    def token(self, **changes: object) -> str:
        return self.signing_keys[0].token(**changes)

    async def start_upstreams(self) -> None:
        for upstream in self.upstreams.values():
            await upstream.start()

    async def start_edge(
        self, settings: Mapping[str, str] | None = None, tamper: Tamper | None = None
    ) -> None:
        ports = {name: upstream.port for name, upstream in self.upstreams.items()}
        self._edge = Edge(self.data, self.certificates, ports)
        if tamper is None:
            await self._edge.start(settings or {})
        else:
            await self._edge.start_tampered(tamper, settings or {})

    def forget(self) -> None:
        """Drops what was noted and programmed, but for the keys."""
        for upstream in self.upstreams.values():
            upstream.calls.clear()
            upstream.answers.clear()
            upstream.streams.clear()
            upstream.takes.clear()
        self["auth"].answers[SIGNING_KEYS] = self._publish

    def calls(self) -> list[Call]:
        """What arrived anywhere, but for the gateway's own fetching of keys."""
        return [
            call
            for upstream in self.upstreams.values()
            for call in upstream.calls
            if call.path != SIGNING_KEYS
        ]

    def client(self, token: str | None = None) -> httpx2.AsyncClient:
        """A REST client, with a good token unless another one (or none: an empty one) is given."""
        token = self.token() if token is None else token
        headers = bearer(token) if token else {}
        return httpx2.AsyncClient(base_url=self.edge.url, headers=headers, timeout=20)

    def channel(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.edge.http_port}")

    async def stop(self) -> None:
        if self._edge is not None:
            await self._edge.stop()
        for upstream in self.upstreams.values():
            await upstream.stop()

    async def _publish(self, request: Message, context: Context) -> Message:
        await self.may_publish_keys.wait()
        return token_service_pb2.JsonWebKeySet(keys=[key.public() for key in self.signing_keys])


@contextlib.asynccontextmanager
async def running_mesh(
    folder: Path, settings: Mapping[str, str] | None = None, tamper: Tamper | None = None
) -> AsyncIterator[Mesh]:
    mesh = Mesh(folder)
    try:
        await mesh.start_upstreams()
        await mesh.start_edge({**UNHURRIED, **(settings or {})}, tamper)
        await mesh.edge.wait_until("/readyz", 200)
        yield mesh
    finally:
        await mesh.stop()
