"""What the service does to others, who count it. Another kind of effect is one more class here."""

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import update

from services.mesh.certificates import ensure_certificates
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.ticket.tables.mail import MailOutboxRow
from services.ticket.tables.webhooks import WebhookDeliveryRow, WebhookRow
from tests.durability.desk import TENANT, Desk
from tests.support.web_server import Request, WebServer, reply, web_server
from tests.ticket.mail.peer import Peer, running_peer

MOST_COPIES = 2


class Outgoing(Protocol):
    @property
    def settings(self) -> Mapping[str, str]:
        """What the installation must know to do it."""

    async def begin(self, desk: Desk) -> None:
        """Says where it goes, as far as no setting does."""

    async def hurry(self, desk: Desk) -> None:
        """Lets the time pass that a killed process's claim to something holds."""

    def came(self) -> Sequence[tuple[str, str]]:
        """The text and the id of each, in the order in which they came."""


def arrived(outgoing: Outgoing) -> Counter[str]:
    """How often each text has come."""
    return Counter(text for text, _ in outgoing.came())


def faults(outgoing: Outgoing, expected: set[str]) -> list[str]:
    """What is missing, or came otherwise than promised."""
    counted = arrived(outgoing)
    by_text = Counter(text for text, _ in set(outgoing.came()))
    missing = [f"never sent: {text}" for text in sorted(expected - counted.keys())]
    unknown = [f"sent, and of nobody: {text}" for text in sorted(counted.keys() - expected)]
    often = [f"sent {n} times: {text}" for text, n in counted.items() if n > MOST_COPIES]
    renamed = [f"sent with several ids: {text}" for text, n in by_text.items() if n > 1]
    return missing + unknown + often + renamed


@dataclass(frozen=True)
class Letters:
    peer: Peer

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "HELPDESK_TICKET_SMTP_RELAY": f"127.0.0.1:{self.peer.port}",
            "HELPDESK_TICKET_SMTP_RELAY_SECURITY": "none",
        }

    async def begin(self, desk: Desk) -> None:
        pass

    async def hurry(self, desk: Desk) -> None:
        database = Database(desk.database)
        async with database.system_transaction() as session:
            waiting = MailOutboxRow.next_time.is_not(None)
            await session.execute(update(MailOutboxRow).where(waiting).values(next_time=utc_now()))
        await database.close()

    def came(self) -> Sequence[tuple[str, str]]:
        return [(mail.get_content().strip(), mail["Message-ID"]) for mail in self.peer.mails()]


@asynccontextmanager
async def letters(folder: Path) -> AsyncIterator[Letters]:
    async with running_peer(folder) as peer:
        yield Letters(peer)


@dataclass(frozen=True)
class Calls:
    """A webhook that is told of each comment, with what it says."""

    server: WebServer
    authority: Path

    @property
    def settings(self) -> Mapping[str, str]:
        # By the last one OpenSSL trusts whoever certified the server.
        return {
            "HELPDESK_TICKET_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "SSL_CERT_FILE": str(self.authority),
        }

    async def begin(self, desk: Desk) -> None:
        webhook = {
            "url": f"https://127.0.0.1:{self.server.port}/told",
            "eventTypes": ["ticket.commented"],
            "includePersonalData": True,
        }
        token = await asyncio.to_thread(desk.mesh.token, TENANT, "admin")
        async with desk.agent() as client:
            headers = {"authorization": f"Bearer {token}"}
            made = await client.post("/v1/webhooks", json=webhook, headers=headers)
            made.raise_for_status()

    async def hurry(self, desk: Desk) -> None:
        database = Database(desk.database)
        async with database.system_transaction() as session:
            await session.execute(update(WebhookRow).values(resume_time=None))
            waiting = WebhookDeliveryRow.next_time.is_not(None)
            await session.execute(
                update(WebhookDeliveryRow).where(waiting).values(next_time=utc_now())
            )
        await database.close()

    def came(self) -> Sequence[tuple[str, str]]:
        return [
            (json.loads(request.body)["data"]["comment"]["body"], request.headers["webhook-id"])
            for request in self.server.requests
        ]


@asynccontextmanager
async def calls(folder: Path) -> AsyncIterator[Calls]:
    certificates = folder / "certificates of the receiver"
    await asyncio.to_thread(ensure_certificates, certificates)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificates / "edge" / "cert.pem", certificates / "edge" / "key.pem")
    async with web_server(_thanks, own) as server:
        yield Calls(server, certificates / "ca.pem")


async def _thanks(_: Request) -> bytes:
    return reply(b"thanks")
