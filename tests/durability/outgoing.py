"""What the service does to others, who count it. Another kind of effect is one more class here."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import update

from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.ticket.tables.mail import MailOutboxRow
from tests.durability.desk import Desk
from tests.ticket.mail.peer import Peer, running_peer

MOST_COPIES = 2


class Outgoing(Protocol):
    @property
    def settings(self) -> Mapping[str, str]:
        """What the installation must know to do it."""

    async def hurry(self, desk: Desk) -> None:
        """Lets the time pass that a killed process's claim to something holds."""

    def arrived(self) -> Counter[str]:
        """How often each text has come."""

    def faults(self, expected: set[str]) -> list[str]:
        """What is missing, or came otherwise than promised."""


Start = AbstractAsyncContextManager[Outgoing]


@dataclass(frozen=True)
class Letters:
    peer: Peer

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "HELPDESK_TICKET_SMTP_RELAY": f"127.0.0.1:{self.peer.port}",
            "HELPDESK_TICKET_SMTP_RELAY_SECURITY": "none",
        }

    async def hurry(self, desk: Desk) -> None:
        database = Database(desk.database)
        async with database.system_transaction() as session:
            waiting = MailOutboxRow.next_time.is_not(None)
            await session.execute(update(MailOutboxRow).where(waiting).values(next_time=utc_now()))
        await database.close()

    def arrived(self) -> Counter[str]:
        return Counter(text for text, _ in self._mails())

    def faults(self, expected: set[str]) -> list[str]:
        counted, ids = self.arrived(), Counter(dict.fromkeys(self._mails()).keys())
        by_text = Counter(text for text, _ in ids)
        missing = [f"never sent: {text}" for text in sorted(expected - counted.keys())]
        unknown = [f"sent, and of nobody: {text}" for text in sorted(counted.keys() - expected)]
        often = [f"sent {n} times: {text}" for text, n in counted.items() if n > MOST_COPIES]
        renamed = [f"sent with several ids: {text}" for text, n in by_text.items() if n > 1]
        return missing + unknown + often + renamed

    def _mails(self) -> list[tuple[str, str]]:
        return [(mail.get_content().strip(), mail["Message-ID"]) for mail in self.peer.mails()]


@asynccontextmanager
async def letters(folder: Path) -> AsyncIterator[Letters]:
    async with running_peer(folder) as peer:
        yield Letters(peer)
