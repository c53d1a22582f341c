"""A tenant with many tickets, for what is measured."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sqlalchemy import insert

from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.ids import new_id
from services.ticket import server
from services.ticket.domain import Act, Ticket, TicketContent, opened
from services.ticket.store import SqlTicketStore
from services.ticket.store.rows import ticket_columns
from services.ticket.tables.tickets import CounterRow, TicketRow
from services.ticket.use_cases.similar import SimilarTicket, list_similar_tickets
from services.ticket.use_cases.ticketing import HANDLE_PERMISSION

_migration = import_module("services.ticket.migrations.versions.0004_create_words")


@dataclass(frozen=True)
class FullDesk:
    database: Database
    store: SqlTicketStore
    tenant_id: TenantId
    address: AnyAddress

    async def fill(self, contents: Iterable[TicketContent]) -> list[str]:
        """Returns the tickets' ids, in order. They get their words as those from before there were
        any did."""
        rows = [
            {"tenant_id": self.tenant_id, **ticket_columns(_ticket(number, content))}
            for number, content in enumerate(contents, 1)
        ]
        async with self.database.system_transaction() as session:
            counter = {"tenant_id": self.tenant_id, "last_number": len(rows), "last_seq": 0}
            await session.execute(insert(CounterRow), [counter])
            await session.execute(insert(TicketRow), rows)
            connection = await session.connection()
            await connection.run_sync(_migration.take_down_words)
        return [str(row["ticket_id"]) for row in rows]

    async def open(self, content: TicketContent) -> None:
        async with self.store.transaction(self.tenant_id) as tickets:
            number = await tickets.next_number()
            await tickets.keep(opened(new_id(), number, content, _act(), None))

    async def similar(self, ticket_id: str, limit: int) -> list[SimilarTicket]:
        agent = Caller(
            "gateway", self.tenant_id, UserId("alex"), permissions=frozenset({HANDLE_PERMISSION})
        )
        with acting_as(agent):
            return await list_similar_tickets(self.store, ticket_id, limit)


def _ticket(number: int, content: TicketContent) -> Ticket:
    return opened(new_id(), number, content, _act(), None).ticket


def _act() -> Act:
    return Act(UserId("anna"), utc_now())


@asynccontextmanager
async def full_desk(address: AnyAddress) -> AsyncIterator[FullDesk]:
    database = Database(address)
    await database.migrate(server.MIGRATIONS)
    try:
        yield FullDesk(database, SqlTicketStore(database), TenantId("acme"), address)
    finally:
        await database.close()


def sqlite_in(folder: str) -> str:
    return f"sqlite:///{Path(folder) / 'ticket.db'}"
