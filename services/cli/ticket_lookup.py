"""Finds tickets by what people say: a number, an id, a filter."""

from collections.abc import Iterator
from enum import StrEnum

from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway

_PAGE = 100


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def number(self) -> ticket_pb2.TicketPriority.ValueType:
        return ticket_pb2.TicketPriority.Value(f"TICKET_PRIORITY_{self.name}")


class TicketType(StrEnum):
    QUESTION = "question"
    INCIDENT = "incident"
    PROBLEM = "problem"
    TASK = "task"

    @property
    def number(self) -> ticket_pb2.TicketType.ValueType:
        return ticket_pb2.TicketType.Value(f"TICKET_TYPE_{self.name}")


class Level(StrEnum):
    """Of impact and of urgency."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def number(self) -> int:
        return [*Level].index(self) + 1


def list_tickets(
    gateway: Gateway, wanted: str = "", order_by: str = "", limit: int = 10**9
) -> list[ticket_pb2.Ticket]:
    found: list[ticket_pb2.Ticket] = []
    token = ""
    while len(found) < limit:
        page = gateway.tickets.ListTickets(
            ticket_service_pb2.ListTicketsRequest(
                page_size=min(_PAGE, limit - len(found)),
                page_token=token,
                filter=wanted,
                order_by=order_by,
            )
        )
        found += page.tickets
        token = page.next_page_token
        if not token:
            break
    return found


def list_comments(gateway: Gateway, ticket_id: str) -> list[ticket_pb2.Comment]:
    found: list[ticket_pb2.Comment] = []
    token = ""
    while True:
        page = gateway.tickets.ListComments(
            ticket_service_pb2.ListCommentsRequest(
                ticket_id=ticket_id, page_size=_PAGE, page_token=token
            )
        )
        found += page.comments
        token = page.next_page_token
        if not token:
            return found


def list_events(gateway: Gateway, ticket_id: str) -> Iterator[ticket_pb2.TicketEvent]:
    token = ""
    while True:
        page = gateway.tickets.ListTicketEvents(
            ticket_service_pb2.ListTicketEventsRequest(
                ticket_id=ticket_id, page_size=_PAGE, page_token=token
            )
        )
        yield from page.events
        token = page.next_page_token
        if not token:
            return


def find_ticket(gateway: Gateway, name: str) -> ticket_pb2.Ticket:
    """Raises CommandError, or grpc.RpcError, when the caller sees no such ticket."""
    number = name.removeprefix("#")
    if number.isdecimal():
        return _by_number(gateway, int(number))
    return gateway.tickets.GetTicket(ticket_service_pb2.GetTicketRequest(ticket_id=name))


def ticket_id(gateway: Gateway, name: str) -> str:
    is_number = name.removeprefix("#").isdecimal()
    return find_ticket(gateway, name).ticket_id if is_number else name


def _by_number(gateway: Gateway, number: int) -> ticket_pb2.Ticket:
    # The contract's filter knows no number; but numbers order the list, so that the walk is short
    # from the nearer end.
    newest = list_tickets(gateway, order_by="number desc", limit=1)
    largest = newest[0].number if newest else 0
    direction = "number" if number <= largest / 2 else "number desc"
    token = ""
    while 0 < number <= largest:
        page = gateway.tickets.ListTickets(
            ticket_service_pb2.ListTicketsRequest(
                page_size=_PAGE, page_token=token, order_by=direction
            )
        )
        for ticket in page.tickets:
            if ticket.number == number:
                return ticket
        token = page.next_page_token
        if not token:
            break
    raise CommandError(
        f"There is no ticket #{number}, or you may not see it.",
        hint="helpdesk tickets list",
        code="TICKET_NOT_FOUND",
    )
