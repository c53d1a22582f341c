"""Four upstreams behind one gateway, with a key that signs tokens."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from google.protobuf.message import Message

from helpdesk.auth.v1 import token_service_pb2
from tests.gateway.access_tokens import SigningKey
from tests.gateway.certificate_authority import CertificateAuthority
from tests.gateway.edge import Edge
from tests.gateway.upstream import Context, Upstream

SERVICES = ("auth", "ticket", "search", "chat")
SIGNING_KEYS = "/helpdesk.auth.v1.TokenService/GetSigningKeys"


class Mesh:
    def __init__(self, folder: Path) -> None:
        self.authority = CertificateAuthority()
        self.certificates = folder / "certificates"
        self.authority.write(self.certificates, "edge", "gateway")
        self.upstreams = {name: Upstream(name, self.authority) for name in SERVICES}
        self.signing_keys = [SigningKey("key-1")]
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

    async def start_edge(self, **settings: str) -> None:
        ports = {name: upstream.port for name, upstream in self.upstreams.items()}
        self._edge = Edge(self.data, self.certificates, ports)
        await self._edge.start(**settings)

    async def stop(self) -> None:
        if self._edge is not None:
            await self._edge.stop()
        for upstream in self.upstreams.values():
            await upstream.stop()

    async def _publish(self, request: Message, context: Context) -> Message:
        return token_service_pb2.JsonWebKeySet(keys=[key.public() for key in self.signing_keys])


@contextlib.asynccontextmanager
async def running_mesh(folder: Path, **settings: str) -> AsyncIterator[Mesh]:
    mesh = Mesh(folder)
    try:
        await mesh.start_upstreams()
        await mesh.start_edge(**settings)
        await mesh.edge.wait_until("/readyz", 200)
        yield mesh
    finally:
        await mesh.stop()
