"""Creating a ticket: through the gateway with all that belongs to it, and in the FastAPI peer.

Ours checks the token twice, asks for the permission, validates, keeps ticket, event, words, outbox
entry and audit record in one transaction, and answers after the disk has it.
"""

import asyncio
import json

from tests.bench.load import HttpConnection, Measured, drive
from tests.bench.reading import CONNECTIONS, peer
from tests.support.installation import Installation

BODY = json.dumps(
    {"subject": "Scanner on line 3 is offline", "body": "It has not read a label since nine."}
).encode()


def measure(mesh: Installation, seconds: float) -> list[Measured]:
    """With many connections, and with few, whose latency is less of waiting for one another."""
    token = mesh.token("acme", "agent")
    with mesh.rest("acme", "agent") as client:
        [key, *_] = client.get("/.well-known/jwks.json").json()["keys"]
    with peer(mesh, key) as port:
        return asyncio.run(_rounds(mesh, token, port, seconds))


async def _rounds(mesh: Installation, token: str, peer_port: int, seconds: float) -> list[Measured]:
    gateway_port = int(mesh.environment["HELPDESK_HTTP_PORT"])
    measured = []
    for connections in (CONNECTIONS, 4):
        for name, port in (
            ("REST through the gateway", gateway_port),
            ("peer: FastAPI", peer_port),
        ):
            calls = [HttpConnection(port, "/v1/tickets", token, BODY) for _ in range(connections)]
            title = f"POST ticket, {name}, {connections} at once"
            measured.append(await drive(title, [*calls], seconds))
    return measured
