"""A mail server that others send to, which behaves as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.ticket.mail.relay import SmtpRelay

HANG_UP = "hang up"


@dataclass
class Peer:
    """`answers` are for the mails to come, in their order; what has none is taken."""

    folder: Path
    port: int = 0
    answers: list[str] = field(default_factory=list)
    tried: list[EmailMessage] = field(default_factory=list)

    @property
    def relay(self) -> SmtpRelay:
        return SmtpRelay("127.0.0.1", self.port, "none")

    def mails(self) -> list[EmailMessage]:
        """What has been delivered to the mailbox."""
        files = sorted((self.folder / "new").iterdir())
        return [_read(file.read_bytes()) for file in files]

    async def handle_DATA(  # noqa: N802  aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.tried.append(_read(envelope.original_content or b""))
        answer = self.answers.pop(0) if self.answers else "250 Ok"
        if answer.startswith("250") or answer == HANG_UP:
            await Mailbox(self.folder).handle_DATA(server, session, envelope)
        if answer == HANG_UP:
            assert server.transport is not None
            server.transport.close()
        return answer


@asynccontextmanager
async def running_peer(folder: Path) -> AsyncIterator[Peer]:
    peer = Peer(folder / "mailbox")
    Mailbox(peer.folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(peer, hostname="peer", loop=loop), "127.0.0.1")
    peer.port = server.sockets[0].getsockname()[1]
    async with server:
        yield peer


def _read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)
