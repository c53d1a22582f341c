"""Tickets from before events said values are what their log says, from the snapshot on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.ticket.domain import (
    Change,
    LogIncompleteError,
    TicketEventKind,
    Verb,
    fold,
    moved,
)
from services.ticket.ports.tickets import EventQuery
from services.ticket.store import SqlTicketStore
from services.ticket.store.own import AnyRow
from services.ticket.store.rows import event_columns, ticket_columns
from services.ticket.tables.tickets import CounterRow, EventRow, Table, TagRow, TicketRow
from tests.ticket.builders import ACME, GLOBEX, an_opening
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.earlier import keep_as_then, migrations_until
from tests.ticket.steps import ACT

# More than one batch of the migration.
COUNT = 502


async def test_old_entries_stay_unknown_and_a_snapshot_says_what_is(
    database_url: AnyAddress, tmp_path: Path
) -> None:
    database = Database(database_url)
    await database.migrate(migrations_until("0004", tmp_path))
    own = [an_opening(number, tags=("vpn", "mfa")) for number in range(1, COUNT + 1)]
    foreign = [an_opening(1, tags=("lan",))]
    async with database.system_transaction() as session:
        for tenant_id, openings in ((ACME, own), (GLOBEX, foreign)):
            for table, rows in rows_of(tenant_id, openings).items():
                await keep_as_then(session, table, rows)
    await database.migrate(MIGRATIONS)
    store = SqlTicketStore(database)
    for tenant_id, openings in ((ACME, [own[0], own[-1]]), (GLOBEX, foreign)):
        for ticket in (opening.ticket for opening in openings):
            query = EventQuery(limit=9, ticket_id=ticket.ticket_id, with_internal=True)
            async with store.transaction(tenant_id) as stored:
                first, snapshot = await stored.list_events(query)
                assert (first.changes, first.cause) == (None, "")
                assert (snapshot.kind, snapshot.actor_id) == (TicketEventKind.SNAPSHOT, "")
                assert fold([first, snapshot]) == await stored.find(ticket.ticket_id) == ticket
                with pytest.raises(LogIncompleteError):
                    fold([first])
                # Customers are told nothing that did not happen.
                assert len(await stored.list_events(EventQuery(9, ticket_id=ticket.ticket_id))) == 1
                await stored.keep(moved(ticket, Verb.PEND, ACT))
                after = await stored.list_events(query)
                assert fold(after) == await stored.find(ticket.ticket_id)
    async with store.reading(ACME) as stored:
        assert await stored.last_seq() == 2 * COUNT + 2
    await database.close()


def rows_of(
    tenant_id: TenantId, openings: Sequence[Change]
) -> dict[sqlalchemy.Table, list[dict[str, object]]]:
    tenant = {"tenant_id": tenant_id}
    tickets = [opening.ticket for opening in openings]
    events = [replace(one.events[0], seq=place) for place, one in enumerate(openings, 1)]
    counted = {"last_number": len(tickets), "last_seq": len(tickets)}
    rows: dict[type[AnyRow], list[dict[str, object]]] = {
        TicketRow: [ticket_columns(ticket) for ticket in tickets],
        TagRow: [
            {"ticket_id": ticket.ticket_id, "tag": tag} for ticket in tickets for tag in ticket.tags
        ],
        EventRow: [event_columns(event) for event in events],
        CounterRow: [dict(counted)],
    }
    return {
        Table.metadata.tables[row.__tablename__]: [{**tenant, **one} for one in found]
        for row, found in rows.items()
    }
