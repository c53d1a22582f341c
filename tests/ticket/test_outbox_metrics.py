"""What waits in the outbox, of all tenants together."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.metrics.families import text_of
from services.ticket.metrics import outbox_metrics
from services.ticket.store import SqlOutbox, SqlTicketStore
from services.ticket.tables.tickets import OutboxRow
from tests.support.scraping import samples
from tests.ticket.builders import ACME, GLOBEX, NOON, an_opening
from tests.ticket.conftest import MIGRATIONS

EVENTS = "helpdesk_ticket_outbox_waiting_events"
OLDEST = "helpdesk_ticket_outbox_oldest_waiting_seconds"


@pytest.fixture
async def database(database_url: AnyAddress) -> AsyncIterator[Database]:
    """One of its own, for all tenants count."""
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


async def opened(database: Database, tenant_id: TenantId, minutes: int) -> None:
    async with SqlTicketStore(database).transaction(tenant_id) as tickets:
        await tickets.keep(an_opening(time=NOON + timedelta(minutes=minutes)))


async def delivered(database: Database, tenant_id: TenantId) -> None:
    async with database.system_transaction() as session:
        row = update(OutboxRow).where(OutboxRow.tenant_id == tenant_id)
        await session.execute(row.values(delivered_time=NOON))


async def told(database: Database) -> tuple[float, float]:
    collect = outbox_metrics(SqlOutbox(database), lambda: NOON + timedelta(minutes=10))
    found = samples(text_of(await collect()))
    return found[EVENTS], found[OLDEST]


async def test_it_rises_with_what_happens_and_falls_with_what_is_delivered(
    database: Database,
) -> None:
    assert await told(database) == (0, 0)
    await opened(database, ACME, 0)
    await opened(database, GLOBEX, 4)
    assert await told(database) == (2, 600)
    await delivered(database, ACME)
    assert await told(database) == (1, 360)
    await delivered(database, GLOBEX)
    assert await told(database) == (0, 0)
