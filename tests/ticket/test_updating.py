"""Which fields an update changes."""

import pytest

from services.mesh.caller import acting_as
from services.mesh.errors import InvalidRequest
from services.ticket.domain import TicketContent, TicketPriority, TicketStatus
from services.ticket.errors.tickets import FieldNotUpdatable
from tests.ticket.builders import a_customer, an_agent
from tests.ticket.desk import WIFI, Desk


async def test_an_update_changes_what_the_mask_names(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        after = await desk.update(
            ticket, TicketContent("Ignored", tags=("lan",)), "tags", "priority", "status"
        )
    assert (after.subject, after.tags, after.priority) == (
        "No Wi-Fi",
        ("lan",),
        TicketPriority.NORMAL,
    )
    assert after.status is TicketStatus.NEW


async def test_an_update_without_a_mask_changes_what_is_set(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        after = await desk.update(ticket, TicketContent(body="New words."))
    assert (after.subject, after.body, after.tags) == ("No Wi-Fi", "New words.", ("wifi",))


async def test_an_update_with_a_star_replaces_everything(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        after = await desk.update(ticket, TicketContent("Only this"), "*")
        with pytest.raises(InvalidRequest) as refusal:
            await desk.update(ticket, TicketContent(), "*")
    assert (after.subject, after.body, after.tags) == ("Only this", "", ())
    assert refusal.value.violations[0].field == "ticket.subject"


@pytest.mark.parametrize("path", ["colour", "tags.0", "ticket.subject", ""])
async def test_an_unknown_path_is_refused(desk: Desk, path: str) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()), pytest.raises(FieldNotUpdatable) as refusal:
        await desk.update(ticket, WIFI, "subject", path)
    assert refusal.value.metadata == {"field": path}
