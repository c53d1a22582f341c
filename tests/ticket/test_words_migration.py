"""Tickets from before there were words are found by theirs."""

from pathlib import Path

from sqlalchemy import select

from services.mesh.caller import acting_as
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.ticket.store import SqlTicketStore
from services.ticket.store.rows import ticket_columns
from services.ticket.tables.tickets import Table, WordCountRow
from services.ticket.use_cases.similar import list_similar_tickets
from tests.ticket.builders import ACME, GLOBEX, an_agent, an_opening
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.earlier import keep_as_then, migrations_until

# More than one batch of the migration.
COUNT = 600


async def test_tickets_from_before_are_found(database_url: AnyAddress, tmp_path: Path) -> None:
    database = Database(database_url)
    await database.migrate(migrations_until("0003", tmp_path))
    tickets = [an_opening(number).ticket for number in range(1, COUNT + 1)]
    async with database.system_transaction() as session:
        for tenant_id, own in ((ACME, tickets), (GLOBEX, tickets[:2])):
            rows = [{"tenant_id": tenant_id, **ticket_columns(ticket)} for ticket in own]
            await keep_as_then(session, Table.metadata.tables["tickets"], rows)
    await database.migrate(MIGRATIONS)
    with acting_as(an_agent()):
        found = await list_similar_tickets(SqlTicketStore(database), tickets[0].ticket_id, 3)
    assert [one.ticket.number for one in found] == [COUNT, COUNT - 1, COUNT - 2]
    async with database.system_reading() as session:
        counts = await session.execute(
            select(WordCountRow.tenant_id, WordCountRow.tickets).where(WordCountRow.word == "noon")
        )
        assert {row.tenant_id: row.tickets for row in counts} == {ACME: COUNT, GLOBEX: 2}
    await database.close()
