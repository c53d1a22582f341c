"""Tickets and people to test with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.mesh.caller import Caller, TenantId, UserId
from services.mesh.ids import new_id
from services.ticket.domain import (
    Act,
    Change,
    Comment,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
    opened,
)
from services.ticket.use_cases import HANDLE_PERMISSION

ACME = TenantId("acme")
GLOBEX = TenantId("globex")
ANNA = UserId("anna")  # a customer of acme
BEN = UserId("ben")  # another customer of acme
ALEX = UserId("alex")  # an agent of acme
GERD = UserId("gerd")  # an agent of globex

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class TickingClock:
    """Each look at it is a second later than the last."""

    def __init__(self, start: datetime = NOON) -> None:
        self.time = start

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def a_customer(user_id: UserId = ANNA, tenant_id: TenantId = ACME) -> Caller:
    return Caller("gateway", tenant_id, user_id)


def an_agent(user_id: UserId = ALEX, tenant_id: TenantId = ACME) -> Caller:
    return Caller("gateway", tenant_id, user_id, permissions=frozenset({HANDLE_PERMISSION}))


def through_chat(caller: Caller) -> Caller:
    return replace(caller, service="chat")


def an_opening(
    number: int = 1,
    *,
    requester_id: UserId = ANNA,
    time: datetime = NOON,
    priority: TicketPriority = TicketPriority.NORMAL,
    tags: tuple[str, ...] = (),
) -> Change:
    content = TicketContent("No Wi-Fi", "It is gone since noon.", priority, tags)
    return opened(new_id(), number, content, Act(requester_id, time), None)


def a_ticket(status: TicketStatus = TicketStatus.NEW) -> Ticket:
    return replace(an_opening().ticket, status=status)


def a_comment(
    ticket: Ticket, author_id: UserId = ANNA, *, is_internal: bool = False, time: datetime = NOON
) -> Comment:
    return Comment(new_id(), ticket.ticket_id, author_id, "Any news?", is_internal, time)
