"""Due times and states on the tickets that are read over the wire."""

from datetime import UTC, timedelta

import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.domain import TicketPriority
from services.ticket.sla.policy import SlaPolicy, Targets
from tests.ticket.clients import People
from tests.ticket.sla.late_desk import LateDesk

TARGETS = Targets(first_response=60, next_response=30, resolution=600)


@pytest.fixture
async def promised(people: People, database: Database, tenant_id: TenantId) -> None:
    await LateDesk(database, tenant_id).promise(SlaPolicy({TicketPriority.NORMAL: TARGETS}))


def due_minutes(ticket: ticket_pb2.Ticket, field: str) -> float | None:
    """Since it was opened."""
    if not ticket.HasField(field):  # type: ignore[arg-type]
        return None
    due = getattr(ticket, field).ToDatetime(UTC)
    return float((due - ticket.create_time.ToDatetime(UTC)) / timedelta(minutes=1))


@pytest.mark.usefixtures("promised")
async def test_agents_see_when_a_ticket_is_due_and_customers_do_not(people: People) -> None:
    opened = await people.anna.opened()
    assert opened.sla_state == ticket_pb2.SLA_STATE_UNSPECIFIED
    ticket = await people.alex.GetTicket(ticket_id=opened.ticket_id)
    assert due_minutes(ticket, "first_response_due") == 60
    assert due_minutes(ticket, "next_response_due") is None
    assert due_minutes(ticket, "resolution_due") == 600
    assert ticket.sla_state == ticket_pb2.SLA_STATE_GREEN
    [listed] = (await people.alex.ListTickets()).tickets
    assert listed == ticket
    assert await people.anna.GetTicket(ticket_id=opened.ticket_id) == opened


@pytest.mark.usefixtures("promised")
async def test_what_is_done_is_no_longer_due(people: People) -> None:
    ticket = await people.anna.opened()
    await people.alex.CreateComment(ticket_id=ticket.ticket_id, comment={"body": "On my way."})
    answered = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert not answered.HasField("first_response_due")
    await people.anna.CreateComment(ticket_id=ticket.ticket_id, comment={"body": "When?"})
    waiting = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert 30 < (due_minutes(waiting, "next_response_due") or 0) < 31
    resolved = await people.alex.ResolveTicket(ticket_id=ticket.ticket_id)
    assert resolved.sla_state == ticket_pb2.SLA_STATE_UNSPECIFIED
    assert not resolved.HasField("resolution_due")


async def test_where_nothing_is_promised_nothing_is_due(people: People) -> None:
    ticket = await people.alex.opened()
    assert ticket.sla_state == ticket_pb2.SLA_STATE_UNSPECIFIED
    assert not ticket.HasField("resolution_due")
