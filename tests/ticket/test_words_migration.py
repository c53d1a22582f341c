"""Tickets from before there were words are found by theirs."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from services.mesh.caller import acting_as
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.ticket.rows import ticket_columns
from services.ticket.similar import list_similar_tickets
from services.ticket.store import SqlTicketStore
from services.ticket.tables import TicketRow, WordCountRow
from tests.ticket.builders import ACME, GLOBEX, an_agent, an_opening
from tests.ticket.conftest import MIGRATIONS

BEFORE = "0003"
# More than one batch of the migration.
COUNT = 600


@pytest.fixture
def migrations_before(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    for file in (MIGRATIONS / "versions").glob("[0-9]*.py"):
        if file.name[: len(BEFORE)] <= BEFORE:
            shutil.copy(file, versions)
    return versions.parent


async def test_tickets_from_before_are_found(
    database_url: AnyAddress, migrations_before: Path
) -> None:
    database = Database(database_url)
    await database.migrate(migrations_before)
    tickets = [an_opening(number).ticket for number in range(1, COUNT + 1)]
    async with database.system_transaction() as session:
        for tenant_id, own in ((ACME, tickets), (GLOBEX, tickets[:2])):
            rows = [{"tenant_id": tenant_id, **ticket_columns(ticket)} for ticket in own]
            await session.execute(insert(TicketRow), rows)
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
