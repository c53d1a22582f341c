"""What can be done with tickets. Each verb is one transaction, in the name of the current caller.

Whoever may not handle tickets is a customer: of the tenant's tickets there are only their own.
"""

import re
from collections.abc import Callable, Sequence

from services.mesh.audit import acts_on
from services.mesh.caller import UserId, current_caller, current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.errors import FieldViolation, InvalidRequest
from services.mesh.ids import is_id, new_id
from services.ticket.domain import (
    Act,
    Change,
    Comment,
    Ticket,
    TicketContent,
    Verb,
    assigned,
    commented,
    moved,
    opened,
    require_etag,
    updated,
)
from services.ticket.errors import InternalCommentNotAllowed, TicketNotFound
from services.ticket.field_mask import fields_to_update
from services.ticket.ports import TicketReading, TicketStore, TicketWriting

HANDLE_PERMISSION = "ticket.tickets.handle"
HANDOFF_SERVICE = "chat"

_NUMBER = re.compile(r"#?([0-9]{1,9})\Z")


async def open_ticket(
    store: TicketStore,
    clock: Clock,
    content: TicketContent,
    *,
    chat_session_id: str = "",
    transcript: str = "",
) -> Ticket:
    """Opens a ticket; the transcript of a chat becomes its first comment, for agents only."""
    _require_handoff(chat_session_id, transcript)
    _require_content(content, frozenset({"subject", "body"}))
    _require_text("chat_session_id", chat_session_id)
    _require_text("transcript", transcript)
    act = _act(clock)
    async with store.transaction(current_tenant()) as tickets:
        number = await tickets.next_number()
        change = opened(new_id(), number, content, act, chat_session_id or None)
        await tickets.keep(change)
        acts_on("ticket", change.ticket.ticket_id)
        if transcript:
            comment = _comment(change.ticket, act, transcript, is_internal=True)
            change = commented(change.ticket, comment, by_customer=False)
            await tickets.keep(change)
        return change.ticket


async def get_ticket(store: TicketStore, ticket_id: str) -> Ticket:
    async with store.reading(current_tenant()) as tickets:
        return await find_visible(tickets, ticket_id)


async def update_ticket(
    store: TicketStore,
    clock: Clock,
    ticket_id: str,
    content: TicketContent,
    *,
    paths: Sequence[str],
    etag: str,
) -> Ticket:
    act = _act(clock)

    def decide(ticket: Ticket) -> Change:
        fields = fields_to_update(paths, content)
        _require_content(content, fields)
        return updated(ticket, content, fields, act)

    return await _change(store, ticket_id, etag, decide)


async def add_comment(
    store: TicketStore, clock: Clock, ticket_id: str, body: str, *, is_internal: bool
) -> Comment:
    act = _act(clock)
    async with store.transaction(current_tenant()) as tickets:
        ticket = await _find_to_change(tickets, ticket_id)
        if is_internal and is_customer():
            raise InternalCommentNotAllowed
        _require_written("comment.body", body)
        comment = _comment(ticket, act, body, is_internal=is_internal)
        await tickets.keep(commented(ticket, comment, by_customer=is_customer()))
        acts_on("comment", comment.comment_id)
        return comment


async def assign_ticket(
    store: TicketStore, clock: Clock, ticket_id: str, assignee_id: str, etag: str
) -> Ticket:
    """Gives the ticket to a user; an empty id takes it away."""
    act = _act(clock)

    def decide(ticket: Ticket) -> Change:
        _require_text("assignee_id", assignee_id)
        return assigned(ticket, UserId(assignee_id) if assignee_id else None, act)

    return await _change(store, ticket_id, etag, decide)


async def pend_ticket(store: TicketStore, clock: Clock, ticket_id: str, etag: str) -> Ticket:
    return await _move(store, clock, ticket_id, etag, Verb.PEND)


async def resolve_ticket(store: TicketStore, clock: Clock, ticket_id: str, etag: str) -> Ticket:
    return await _move(store, clock, ticket_id, etag, Verb.RESOLVE)


async def reopen_ticket(store: TicketStore, clock: Clock, ticket_id: str, etag: str) -> Ticket:
    return await _move(store, clock, ticket_id, etag, Verb.REOPEN)


async def close_ticket(store: TicketStore, clock: Clock, ticket_id: str, etag: str) -> Ticket:
    return await _move(store, clock, ticket_id, etag, Verb.CLOSE)


def is_customer() -> bool:
    return not current_caller().may(HANDLE_PERMISSION)


def visible_requester() -> UserId | None:
    """Whose tickets the caller sees: None stands for everybody's."""
    return current_user() if is_customer() else None


async def find_visible(tickets: TicketReading, ticket_id: str) -> Ticket:
    """Returns the ticket of this id, or of this number as people say it: `12` or `#12`.

    Raises TicketNotFound, with the words that were asked for, whatever the cause.
    """
    number = _NUMBER.match(ticket_id)
    if number is not None:
        ticket = await tickets.find_by_number(int(number[1]))
    elif is_id(ticket_id):
        ticket = await tickets.find(ticket_id)
    else:
        ticket = None
    if ticket is None or visible_requester() not in (None, ticket.requester_id):
        raise TicketNotFound(ticket_id)
    return ticket


async def _find_to_change(tickets: TicketWriting, ticket_id: str) -> Ticket:
    # Who may see a ticket never changes, so a stranger need not take its lock to be refused.
    visible = await find_visible(tickets, ticket_id)
    # People may say its number, which no later record would be found by.
    acts_on("ticket", visible.ticket_id)
    ticket = await tickets.find_to_change(visible.ticket_id)
    if ticket is None:
        raise TicketNotFound(ticket_id)
    return ticket


async def _change(
    store: TicketStore, ticket_id: str, etag: str, decide: Callable[[Ticket], Change]
) -> Ticket:
    async with store.transaction(current_tenant()) as tickets:
        ticket = await _find_to_change(tickets, ticket_id)
        require_etag(ticket, etag)
        change = decide(ticket)
        await tickets.keep(change)
        return change.ticket


async def _move(store: TicketStore, clock: Clock, ticket_id: str, etag: str, verb: Verb) -> Ticket:
    act = _act(clock)
    return await _change(store, ticket_id, etag, lambda ticket: moved(ticket, verb, act))


def _act(clock: Clock) -> Act:
    return Act(current_user(), clock())


def _comment(ticket: Ticket, act: Act, body: str, *, is_internal: bool) -> Comment:
    return Comment(
        comment_id=new_id(),
        ticket_id=ticket.ticket_id,
        author_id=act.actor_id,
        body=body,
        is_internal=is_internal,
        create_time=act.time,
    )


def _require_handoff(chat_session_id: str, transcript: str) -> None:
    if current_caller().service == HANDOFF_SERVICE:
        return
    for field, value in (("chat_session_id", chat_session_id), ("transcript", transcript)):
        if value:
            raise _invalid(field, f"only the service {HANDOFF_SERVICE} may give it")


def _require_content(content: TicketContent, fields: frozenset[str]) -> None:
    if "subject" in fields:
        _require_written("ticket.subject", content.subject)
    if "body" in fields:
        _require_text("ticket.body", content.body)


def _require_written(field: str, text: str) -> None:
    if not text.strip():
        raise _invalid(field, "must not be blank")
    _require_text(field, text)


def _require_text(field: str, text: str) -> None:
    # PostgreSQL cannot keep this character, and nobody can see it.
    if "\0" in text:
        raise _invalid(field, "must not hold the character U+0000")


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest(
        "The request breaks a rule.", violations=[FieldViolation(field, description)]
    )
