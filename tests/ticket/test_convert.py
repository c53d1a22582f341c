"""Messages and domain say the same; the contract's fields and ours do not drift apart."""

from helpdesk.ticket.v1 import ticket_pb2
from services.ticket.convert import content_of, ticket_message
from services.ticket.domain import TicketContent, TicketEventKind, TicketPriority, TicketStatus
from services.ticket.field_mask import IGNORED_FIELDS, UPDATABLE_FIELDS
from tests.ticket.builders import an_opening


def test_each_field_of_a_ticket_is_updatable_or_ignored() -> None:
    assert set(ticket_pb2.Ticket.DESCRIPTOR.fields_by_name) == UPDATABLE_FIELDS | IGNORED_FIELDS
    assert not UPDATABLE_FIELDS & IGNORED_FIELDS


def test_our_names_are_the_contracts_names() -> None:
    assert [f"TICKET_STATUS_{one}" for one in TicketStatus] == ticket_pb2.TicketStatus.keys()[1:]
    assert [
        f"TICKET_EVENT_KIND_{one}" for one in TicketEventKind
    ] == ticket_pb2.TicketEventKind.keys()[1:]
    assert {f"TICKET_PRIORITY_{one.name}": one.value for one in TicketPriority} == dict(
        ticket_pb2.TicketPriority.items()[1:]
    )


def test_what_a_client_cannot_set_is_not_taken_over() -> None:
    message = ticket_message(an_opening(tags=("vpn",)).ticket)
    assert content_of(message) == TicketContent(
        "No Wi-Fi", "It is gone since noon.", TicketPriority.NORMAL, ("vpn",)
    )
    assert content_of(ticket_pb2.Ticket(subject="x")) == TicketContent("x")
