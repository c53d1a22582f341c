"""Reading one ticket: through the gateway, directly over mutual TLS, and from the FastAPI peer."""

import asyncio
import base64
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc.aio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from helpdesk.ticket.v1 import ticket_service_pb2, ticket_service_pb2_grpc
from tests.bench.load import GrpcCall, HttpConnection, Measured, drive
from tests.support.installation import Installation

CONNECTIONS = 16


def measure(mesh: Installation, seconds: float) -> list[Measured]:
    token = mesh.token("acme", "agent")
    with mesh.rest("acme", "agent") as client:
        ticket_id = client.post("/v1/tickets", json={"subject": "Bench"}).json()["ticketId"]
        keys = client.get("/.well-known/jwks.json").json()["keys"]
    with peer(mesh, keys[0]) as port:
        return asyncio.run(rounds(mesh, ticket_id, token, port, seconds))


async def rounds(
    mesh: Installation, ticket_id: str, token: str, peer_port: int, seconds: float
) -> list[Measured]:
    path, gateway_port = f"/v1/tickets/{ticket_id}", int(mesh.environment["HELPDESK_HTTP_PORT"])
    request = ticket_service_pb2.GetTicketRequest(ticket_id=ticket_id)
    certificates = mesh.data / "certificates"
    credentials = grpc.ssl_channel_credentials(
        (certificates / "ca.pem").read_bytes(),
        (certificates / "gateway" / "key.pem").read_bytes(),
        (certificates / "gateway" / "cert.pem").read_bytes(),
    )
    options = (("grpc.ssl_target_name_override", "ticket.helpdesk.internal"),)
    target = f"127.0.0.1:{mesh.environment['HELPDESK_TICKET_PORT']}"
    async with grpc.aio.secure_channel(target, credentials, options) as channel:
        method = ticket_service_pb2_grpc.TicketServiceStub(channel).GetTicket
        return [
            await drive(
                "GET ticket, REST through the gateway",
                [HttpConnection(gateway_port, path, token) for _ in range(CONNECTIONS)],
                seconds,
            ),
            await drive(
                "GET ticket, gRPC straight to the service",
                [GrpcCall(method, request, token) for _ in range(CONNECTIONS)],
                seconds,
            ),
            await drive(
                "GET ticket, peer: FastAPI on uvicorn",
                [HttpConnection(peer_port, path, token) for _ in range(CONNECTIONS)],
                seconds,
            ),
        ]


@contextmanager
def peer(mesh: Installation, key: dict[str, Any]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    pem = mesh.data / "bench-public-key.pem"
    pem.write_bytes(public_key(key))
    database = mesh.data / "ticket" / "ticket.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.peer_fastapi", str(port), database, pem]
    )
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def public_key(key: dict[str, Any]) -> bytes:
    def number(text: str) -> int:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")

    numbers = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), ec.SECP256R1())
    return numbers.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
        except OSError:
            time.sleep(0.05)
            continue
        return
    raise TimeoutError(f"nothing answers on port {port}")
