"""How SQLite goes about the lists that every tenant has."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from services.mesh.caller import TenantId
from services.mesh.sqlite_statistics import analyse_if_grown
from services.mesh.tenant_guard import UNGUARDED
from services.ticket.filter.parser import parse_filter, parse_order
from services.ticket.ports.tickets import TicketQuery
from services.ticket.use_cases.views import EVERY_TENANTS, View
from tests.bench.filling import fill_others
from tests.bench.similar_tickets import contents
from tests.support.full_desk import FullDesk, full_desk, sqlite_in
from tests.ticket.builders import ALEX
from tests.ticket.own_fields import DEFINITIONS

TICKETS = 4_000


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FullDesk]:
    folder: Path = tmp_path_factory.mktemp("plans")
    async with full_desk(sqlite_in(str(folder))) as desk:
        dice = random.Random(1)  # noqa: S311  the same tickets each time
        fill_others(desk, TICKETS, [*contents(20)], dice)
        assert await analyse_if_grown(desk.database._engines.writer, "tickets")
        yield desk


async def plan_of(desk: FullDesk, view: View) -> str:
    """Of the statement that finds which tickets a view shows."""
    statements: list[tuple[str, tuple[Any, ...]]] = []

    def note(_a: object, _b: object, statement: str, values: Any, *_: object) -> None:  # noqa: ANN401
        statements.append((statement, tuple(values)))

    engine = desk.database._engines.reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    where, order = parse_filter(view.filter, ALEX, DEFINITIONS), parse_order(view.order_by)
    tenant_id = TenantId("other-1")
    async with desk.store.reading(tenant_id) as tickets:
        await tickets.list_tickets(TicketQuery(limit=51, where=where, order=order))
    event.remove(engine, "before_cursor_execute", note)
    [(statement, values)] = [each for each in statements if "LIMIT" in each[0]]
    async with desk.database.system_reading() as session:
        connection = await session.connection()
        options = {UNGUARDED: True}
        rows = await connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", values, execution_options=options
        )
        return "; ".join(row.detail for row in rows)


@pytest.mark.parametrize(
    ("view_id", "index"),
    [
        ("mine", "ix_tickets_by_assignee (tenant_id=? AND assignee_id=?)"),
        ("unassigned", "ix_tickets_by_assignee (tenant_id=? AND assignee_id=?)"),
        ("urgent", "by_priority_and_status (tenant_id=? AND priority=? AND status=?)"),
        ("pending", "ix_tickets_by_status_and_update_time (tenant_id=? AND status=?)"),
        ("resolved", "ix_tickets_by_status_and_update_time (tenant_id=? AND status=?)"),
        ("recent", "ix_tickets_by_update_time (tenant_id=?)"),
    ],
)
async def test_each_view_goes_by_an_index(desk: FullDesk, view_id: str, index: str) -> None:
    [view] = [each for each in EVERY_TENANTS if each.view_id == view_id]
    plan = await plan_of(desk, view)
    assert index in plan
    assert "SCAN ticket" not in plan


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ('fields.text = "X"', "ix_ticket_field_values_by_text (tenant_id=? AND key=? AND text=?)"),
        ("fields.number > 5", "_by_number (tenant_id=? AND key=? AND number>?)"),
        ("fields.date <= 2027-01-01", "_by_text (tenant_id=? AND key=? AND text<?)"),
        ("fields.choice:*", "(tenant_id=? AND key=?)"),
    ],
)
async def test_an_own_field_goes_by_an_index(desk: FullDesk, wanted: str, index: str) -> None:
    plan = await plan_of(desk, View("own", "Own", wanted))
    assert index in plan
    assert "SCAN ticket" not in plan


async def test_a_table_is_read_again_only_when_it_has_doubled(desk: FullDesk) -> None:
    writer = desk.database._engines.writer
    assert not await analyse_if_grown(writer, "tickets")
    dice = random.Random(2)  # noqa: S311  the same tickets each time
    fill_others(desk, TICKETS, [*contents(20)], dice, after=TICKETS)
    assert await analyse_if_grown(writer, "tickets")
    assert not await analyse_if_grown(writer, "tickets")
