"""A tenant that is written to, and one that is not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from services.mesh.caller import TenantId
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.domain import Comment, Ticket
from services.ticket.mail.intake import Intake
from services.ticket.mail.ports import MailAddress
from services.ticket.mail.receiver import Protocol, Receiver
from services.ticket.ports.tickets import TicketQuery
from services.ticket.store import SqlMailAddresses, SqlMailStore, SqlTicketStore
from tests.ticket.mail.mails import ANNA, send
from tests.ticket.mail.real_servers import Dovecot, running_dovecot


@dataclass
class House:
    database: Database
    store: SqlTicketStore
    receiver: Receiver
    tenant_id: TenantId
    address: str

    async def take(self, mail: EmailMessage | bytes, to: str = "", *, sender: str = ANNA) -> int:
        return await send(self.receiver.port, mail, to or self.address, sender=sender)

    async def tickets(self, tenant_id: TenantId | None = None) -> list[Ticket]:
        async with self.store.reading(tenant_id or self.tenant_id) as reading:
            return [*reversed(await reading.list_tickets(TicketQuery(limit=100)))]

    async def comments(self, ticket: Ticket) -> list[Comment]:
        async with self.store.reading(self.tenant_id) as reading:
            return await reading.list_comments(
                ticket.ticket_id, limit=100, after=None, with_internal=True
            )

    async def token(self, ticket: Ticket) -> str:
        async with SqlMailStore(self.database).transaction(self.tenant_id) as mails:
            thread = await mails.thread_of(ticket.ticket_id)
        assert thread is not None
        return thread.token


def intake_of(database: Database) -> Intake:
    return Intake(
        SqlMailAddresses(database), SqlTicketStore(database), SqlMailStore(database), utc_now
    )


@asynccontextmanager
async def receiving(database: Database, protocol: Protocol = "smtp") -> AsyncIterator[Receiver]:
    receiver = Receiver(
        intake_of(database), protocol=protocol, host="127.0.0.1", port=0, most_bytes=1_000_000
    )
    running = asyncio.create_task(receiver.run())
    await receiver.wait_until_listening()
    yield receiver
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def give_address(database: Database, tenant_id: TenantId, queue: str = "general") -> str:
    address = f"help-{new_id()[-12:]}@acme.example"
    given = MailAddress(tenant_id, address, queue, utc_now())
    assert await SqlMailAddresses(database).add(given)
    return address


@pytest.fixture
async def house(database: Database, tenant_id: TenantId) -> AsyncIterator[House]:
    address = await give_address(database, tenant_id)
    async with receiving(database) as receiver:
        yield House(database, SqlTicketStore(database), receiver, tenant_id, address)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Shared by all tests, each of which has mailboxes of its own."""
    with running_dovecot() as dovecot:
        yield dovecot
