"""Messages and domain say the same; the contract's fields and ours do not drift apart."""

from dataclasses import replace

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import acting_as
from services.ticket.convert.tickets import content_of, event_message, ticket_message
from services.ticket.domain import (
    Act,
    Impact,
    LinkKind,
    TicketContent,
    TicketEventKind,
    TicketPriority,
    TicketStatus,
    TicketType,
    Urgency,
    assigned,
)
from services.ticket.use_cases.field_mask import IGNORED_FIELDS, UPDATABLE_FIELDS
from tests.ticket.builders import ALEX, NOON, an_agent, an_opening


def test_each_field_of_a_ticket_is_updatable_or_ignored() -> None:
    assert set(ticket_pb2.Ticket.DESCRIPTOR.fields_by_name) == UPDATABLE_FIELDS | IGNORED_FIELDS
    assert not UPDATABLE_FIELDS & IGNORED_FIELDS


def test_our_names_are_the_contracts_names() -> None:
    assert [f"TICKET_STATUS_{one}" for one in TicketStatus] == ticket_pb2.TicketStatus.keys()[1:]
    assert [
        f"TICKET_EVENT_KIND_{one}" for one in TicketEventKind
    ] == ticket_pb2.TicketEventKind.keys()[1:]
    assert {f"TICKET_IMPACT_{one.name}": one.value for one in Impact} == dict(
        ticket_pb2.TicketImpact.items()[1:]
    )
    assert {f"TICKET_LINK_KIND_{one.name}": one.value for one in LinkKind} == dict(
        ticket_pb2.TicketLinkKind.items()[1:]
    )
    assert {f"TICKET_TYPE_{one.name}": one.value for one in TicketType} == dict(
        ticket_pb2.TicketType.items()[1:]
    )
    assert {f"TICKET_URGENCY_{one.name}": one.value for one in Urgency} == dict(
        ticket_pb2.TicketUrgency.items()[1:]
    )
    assert {f"TICKET_PRIORITY_{one.name}": one.value for one in TicketPriority} == dict(
        ticket_pb2.TicketPriority.items()[1:]
    )


def test_what_a_client_cannot_set_is_not_taken_over() -> None:
    with acting_as(an_agent()):
        message = ticket_message(an_opening(tags=("vpn",)).ticket)
    assert content_of(message) == TicketContent(
        "No Wi-Fi", "It is gone since noon.", TicketPriority.NORMAL, ("vpn",), queue="general"
    )
    assert content_of(ticket_pb2.Ticket(subject="x")) == TicketContent("x")


def test_an_event_shows_the_new_values_and_no_others() -> None:
    opening = an_opening(tags=("vpn",))
    assert event_message(opening.events[0]).changes == ticket_pb2.Ticket(
        subject="No Wi-Fi",
        body="It is gone since noon.",
        status=ticket_pb2.TICKET_STATUS_NEW,
        priority=ticket_pb2.TICKET_PRIORITY_NORMAL,
        requester_id="anna",
        tags=["vpn"],
        queue="general",
    )
    given = assigned(opening.ticket, ALEX, Act(ALEX, NOON))
    taken_away = event_message(assigned(given.ticket, None, Act(ALEX, NOON)).events[0])
    assert event_message(given.events[0]).changes == ticket_pb2.Ticket(
        assignee_id="alex", status=ticket_pb2.TICKET_STATUS_OPEN
    )
    assert taken_away.HasField("changes")
    assert taken_away.changes == ticket_pb2.Ticket()
    assert list(taken_away.changed_fields) == ["assignee_id"]


def test_values_that_are_not_known_are_absent() -> None:
    message = event_message(replace(an_opening().events[0], changes=None))
    assert not message.HasField("changes")
