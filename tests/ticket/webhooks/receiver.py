"""Whoever is told: a real HTTPS server that a test lets misbehave."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.mesh.certificates import ensure_certificates
from tests.support.web_server import Request, WebServer, reply, web_server

HOST = "ticket.helpdesk.internal"

HANG = b"hang"


@dataclass
class Receiver:
    """Answers with the next of `answers`, and with 200 when none is left."""

    server: WebServer
    trust: ssl.SSLContext
    answers: list[bytes] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server.port}/told?by=helpdesk"

    @property
    def requests(self) -> list[Request]:
        return self.server.requests

    @property
    def ids(self) -> list[str]:
        return [each.headers["webhook-id"] for each in self.requests]

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in self.requests]

    async def respond(self, request: Request) -> bytes:
        answer = self.answers.pop(0) if self.answers else reply(b"thanks")
        if answer == HANG:
            await self.released.wait()
        return answer


@asynccontextmanager
async def receiving(folder: Path) -> AsyncIterator[Receiver]:
    await asyncio.to_thread(ensure_certificates, folder)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(folder / "ticket" / "cert.pem", folder / "ticket" / "key.pem")
    trust = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    async with web_server(_nothing, own) as server:
        receiver = Receiver(server, trust)
        server.respond = receiver.respond
        yield receiver
        receiver.released.set()


async def to_loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def is_signed(request: Request, secret: str) -> bool:
    """As a receiver would see to it, after the specification and without our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    headers = request.headers
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    given = [each.split(",") for each in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and signature == expected for version, signature in given)


async def _nothing(request: Request) -> bytes:
    return b""
