"""What can be done with tickets. Each verb is one transaction, in the name of the current caller.

Whoever may not handle tickets is a customer: of the tenant's tickets there are only their own.
"""

import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from services.mesh.audit import acts_on
from services.mesh.caller import UserId, current_caller, current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.ids import is_id, new_id
from services.ticket.domain import (
    DEFAULT_QUEUE,
    Act,
    Attachment,
    Change,
    Comment,
    FieldDefinition,
    Ticket,
    TicketContent,
    Verb,
    assigned,
    checked,
    commented,
    followed,
    moved,
    named_by,
    opened,
    require_complete,
    require_etag,
    unfollowed,
    updated,
)
from services.ticket.domain.fields import Fields
from services.ticket.errors.attachments import AttachmentNotFound
from services.ticket.errors.queues import QueueNotFound
from services.ticket.errors.tickets import InternalCommentNotAllowed, TicketNotFound
from services.ticket.filter.query import FIELD_PREFIX
from services.ticket.ports.tickets import TicketReading, TicketStore, TicketWriting
from services.ticket.use_cases.content_checks import (
    require_content,
    require_handoff,
    require_text,
    require_written,
)
from services.ticket.use_cases.field_mask import fields_to_update, keys_to_update

HANDLE_PERMISSION = "ticket.tickets.handle"

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
    require_handoff(chat_session_id, transcript)
    require_content(content, frozenset({"subject", "body"}))
    require_text("chat_session_id", chat_session_id)
    require_text("transcript", transcript)
    act = _act(clock)
    async with store.transaction(current_tenant()) as tickets:
        await require_queues(tickets, {content.queue})
        definitions = await visible_fields(tickets) if content.fields else []
        content = replace(content, fields=checked(definitions, content.fields))
        number = await tickets.next_number()
        change = opened(
            new_id(), number, content, act, chat_session_id or None, definitions=definitions
        )
        await tickets.keep(change)
        if not content.queue:
            await tickets.await_triage(change.ticket)
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
    is_queued = content.queue and (not paths or not {"queue", "*"}.isdisjoint(paths))
    queues = {content.queue} if is_queued else frozenset[str]()
    async with changing(store, ticket_id, etag, queues) as (tickets, ticket):
        fields = fields_to_update(paths, content)
        require_content(content, fields)
        present = visible_values(ticket)
        keys = keys_to_update(paths, content, present)
        definitions = await visible_fields(tickets) if keys else []
        given = {key: content.fields.get(key) for key in keys}
        content = replace(content, fields=checked(definitions, given, present))
        change = updated(ticket, content, fields, act, definitions)
        await tickets.keep(change)
    return change.ticket


async def follow_ticket(store: TicketStore, clock: Clock, ticket_id: str, user_id: str) -> Ticket:
    """Lets the user follow the ticket; an empty id means the caller."""
    act = _act(clock)

    def decide(ticket: Ticket) -> Change:
        require_text("user_id", user_id)
        return followed(ticket, UserId(user_id) if user_id else act.actor_id, act)

    return await change_ticket(store, ticket_id, "", decide)


async def unfollow_ticket(store: TicketStore, clock: Clock, ticket_id: str, user_id: str) -> Ticket:
    act = _act(clock)
    follower_id = UserId(user_id) if user_id else act.actor_id
    return await change_ticket(
        store, ticket_id, "", lambda ticket: unfollowed(ticket, follower_id, act)
    )


async def add_comment(
    store: TicketStore,
    clock: Clock,
    ticket_id: str,
    body: str,
    *,
    is_internal: bool,
    attachment_ids: Sequence[str] = (),
) -> Comment:
    act = _act(clock)
    async with store.transaction(current_tenant()) as tickets:
        ticket = await find_to_change(tickets, ticket_id)
        if is_internal and is_customer():
            raise InternalCommentNotAllowed
        require_written("comment.body", body)
        comment = _comment(ticket, act, body, is_internal=is_internal)
        found = [await find_attachment(tickets, ticket, one) for one in attachment_ids]
        files = named_by(comment, found)
        change = commented(ticket, comment, by_customer=is_customer(), attachments=files)
        await tickets.keep(change)
        acts_on("comment", comment.comment_id)
        return comment


async def assign_ticket(
    store: TicketStore, clock: Clock, ticket_id: str, assignee_id: str, etag: str
) -> Ticket:
    """Gives the ticket to a user; an empty id takes it away."""
    act = _act(clock)

    def decide(ticket: Ticket) -> Change:
        require_text("assignee_id", assignee_id)
        return assigned(ticket, UserId(assignee_id) if assignee_id else None, act)

    return await change_ticket(store, ticket_id, etag, decide)


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


async def visible_fields(tickets: TicketReading) -> list[FieldDefinition]:
    """The tenant's own fields that the caller may see, and set."""
    definitions = await tickets.list_fields()
    return [one for one in definitions if one.is_for_customers] if is_customer() else definitions


def visible_values(ticket: Ticket) -> Fields:
    return ticket.fields if is_customer() else {**ticket.fields, **ticket.internal_fields}


async def fields_for(store: TicketStore, filter_text: str) -> list[FieldDefinition]:
    """Those that a filter may name; none are read for one that names none."""
    if FIELD_PREFIX not in filter_text:
        return []
    async with store.reading(current_tenant()) as tickets:
        return await visible_fields(tickets)


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


async def find_attachment(
    tickets: TicketReading, ticket: Ticket, attachment_id: str, *, with_merged: bool = False
) -> Attachment:
    """Raises AttachmentNotFound for one that the caller may not see, or of another ticket."""
    found = None
    if is_id(attachment_id):
        found = await tickets.find_attachment(
            ticket.ticket_id, attachment_id, with_internal=not is_customer()
        )
    if found is None or (found.ticket_id != ticket.ticket_id and not with_merged):
        raise AttachmentNotFound(attachment_id)
    return found


async def change_ticket(
    store: TicketStore, ticket_id: str, etag: str, decide: Callable[[Ticket], Change]
) -> Ticket:
    async with changing(store, ticket_id, etag) as (tickets, ticket):
        change = decide(ticket)
        await tickets.keep(change)
    return change.ticket


@asynccontextmanager
async def changing(
    store: TicketStore, ticket_id: str, etag: str, queues: Collection[str] = ()
) -> AsyncIterator[tuple[TicketWriting, Ticket]]:
    """The ticket, and the transaction that ends with the block; nobody else changes it."""
    async with store.transaction(current_tenant()) as tickets:
        await require_queues(tickets, queues)
        ticket = await find_to_change(tickets, ticket_id)
        require_etag(ticket, etag)
        yield tickets, ticket


async def find_to_change(tickets: TicketWriting, ticket_id: str) -> Ticket:
    # Who may see a ticket never changes, so a stranger need not take its lock to be refused.
    visible = await find_visible(tickets, ticket_id)
    # People may say its number, which no later record would be found by.
    acts_on("ticket", visible.ticket_id)
    ticket = await tickets.find_to_change(visible.ticket_id)
    if ticket is None:
        raise TicketNotFound(ticket_id)
    return ticket


async def _move(store: TicketStore, clock: Clock, ticket_id: str, etag: str, verb: Verb) -> Ticket:
    act = _act(clock)
    async with changing(store, ticket_id, etag) as (tickets, ticket):
        change = moved(ticket, verb, act)
        if verb is Verb.RESOLVE:
            require_complete(await tickets.list_fields(), {*ticket.fields, *ticket.internal_fields})
        await tickets.keep(change)
    return change.ticket


async def require_queues(tickets: TicketWriting, queues: Collection[str]) -> None:
    """Keeps them from being deleted until the end; an empty name stands for the default one."""
    named = {*queues} - {"", DEFAULT_QUEUE}
    if named and (missing := named - await tickets.hold_queues(named, to_delete=False)):
        raise QueueNotFound(min(missing))


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
