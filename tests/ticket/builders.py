"""Tickets and people to test with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.mesh.caller import Caller, TenantId, UserId
from services.mesh.ids import new_id
from services.ticket.domain import (
    Act,
    Attachment,
    Change,
    Comment,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
    opened,
)
from services.ticket.use_cases.ticketing import HANDLE_PERMISSION

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


def an_attachment(
    ticket: Ticket,
    author_id: UserId = ANNA,
    *,
    is_internal: bool = False,
    sha256: str = "ab" * 32,
    time: datetime = NOON,
) -> Attachment:
    return Attachment(
        attachment_id=new_id(),
        ticket_id=ticket.ticket_id,
        comment_id=None,
        file_name="screen.png",
        media_type="image/png",
        size_bytes=1000,
        sha256=sha256,
        is_internal=is_internal,
        author_id=author_id,
        create_time=time,
    )
