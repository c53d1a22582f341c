"""The rules of a ticket's life.

A rule takes a ticket and returns a Change: the ticket afterwards and the events that say what
happened. A rule that has nothing to do returns the ticket as it was and no event.
"""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from services.mesh.caller import UserId
from services.ticket.domain.attachment import Attachment
from services.ticket.domain.fields import (
    FieldChanges,
    FieldDefinition,
    split_by_audience,
    with_fields,
)
from services.ticket.domain.log import Change, TicketEventKind, event_of
from services.ticket.domain.priority import prioritized, ruled
from services.ticket.domain.ticket import (
    Act,
    Comment,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
)
from services.ticket.domain.transitions import TRANSITIONS, Verb, status_after

REOPENED_BY_COMMENT = "a comment of the customer"

_EVENT_OF = MappingProxyType(
    {
        Verb.PEND: TicketEventKind.PENDED,
        Verb.RESOLVE: TicketEventKind.RESOLVED,
        Verb.REOPEN: TicketEventKind.REOPENED,
        Verb.CLOSE: TicketEventKind.CLOSED,
    }
)


def opened(
    ticket_id: str,
    number: int,
    content: TicketContent,
    act: Act,
    chat_session_id: str | None,
    *,
    requester_id: UserId | None = None,
    definitions: Sequence[FieldDefinition] = (),
) -> Change:
    """Opens a ticket in the name of whoever acts, or of somebody else.

    The content's own fields were looked at already, as everywhere here.
    """
    public, internal = split_by_audience(definitions, content.fields)
    ticket = Ticket(
        ticket_id=ticket_id,
        number=number,
        subject=content.subject,
        body=content.body,
        status=TicketStatus.NEW,
        priority=TicketPriority.NORMAL,
        requester_id=requester_id or act.actor_id,
        assignee_id=None,
        tags=content.unique_tags,
        chat_session_id=chat_session_id,
        create_time=act.time,
        update_time=act.time,
        revision=1,
        impact=content.impact,
        urgency=content.urgency,
        ticket_type=content.ticket_type,
        queue=content.queue_or_default,
        fields=with_fields({}, public),
    )
    ticket = prioritized(ticket, content.priority)
    event = event_of(None, ticket, TicketEventKind.OPENED, act, cause=ticket.priority_rule)
    return _noted(Change(None, ticket, (event,)), internal, act)


def updated(
    ticket: Ticket,
    content: TicketContent,
    fields: frozenset[str],
    act: Act,
    definitions: Sequence[FieldDefinition] = (),
) -> Change:
    """Takes over `fields` of the content and leaves the rest as it was.

    Of the tenant's own fields those are taken over that the content has.
    """
    status_after(ticket.status, Verb.UPDATE)
    public, internal = split_by_audience(definitions, content.fields)
    names = {"subject", "body", "impact", "urgency", "ticket_type"} & fields
    after = replace(ticket, **{name: getattr(content, name) for name in names})
    if "tags" in fields:
        after = replace(after, tags=content.unique_tags)
    if "queue" in fields:
        after = replace(after, queue=content.queue_or_default)
    if "priority" in fields:
        after = prioritized(after, content.priority)
    elif ticket.priority_rule:
        after = ruled(after)
    after = replace(after, fields=with_fields(ticket.fields, public))
    if after == ticket:
        return _noted(Change(ticket, ticket), internal, act)
    after = touched(after, act)
    cause = after.priority_rule if after.priority != ticket.priority else ""
    event = event_of(ticket, after, TicketEventKind.UPDATED, act, cause=cause)
    return _noted(Change(ticket, after, (event,)), internal, act)


def commented(
    ticket: Ticket,
    comment: Comment,
    *,
    by_customer: bool,
    attachments: tuple[Attachment, ...] = (),
) -> Change:
    """Keeps the comment; a customer's public one takes a pending or resolved ticket up again.

    An internal comment leaves the etag and the update time alone, for customers see both and
    would learn from them that somebody wrote behind their back.
    """
    status_after(ticket.status, Verb.COMMENT)
    act = Act(comment.author_id, comment.create_time)
    after = ticket if comment.is_internal else touched(ticket, act)
    event = replace(
        event_of(ticket, after, TicketEventKind.COMMENTED, act),
        comment_id=comment.comment_id,
        is_internal=comment.is_internal,
        attachments=attachments,
    )
    reopened_status = TRANSITIONS.get((ticket.status, Verb.REOPEN))
    if comment.is_internal or not by_customer or reopened_status is None:
        return Change(ticket, after, (event,), comment, attachments)
    reopened = replace(after, status=reopened_status)
    reopening = event_of(after, reopened, TicketEventKind.REOPENED, act, cause=REOPENED_BY_COMMENT)
    return Change(ticket, reopened, (event, reopening), comment, attachments)


def assigned(ticket: Ticket, assignee_id: UserId | None, act: Act) -> Change:
    """Gives the ticket to someone, which opens a new one, or takes it away from whoever had it."""
    status = status_after(ticket.status, Verb.ASSIGN)
    if assignee_id == ticket.assignee_id:
        return Change(ticket, ticket)
    if assignee_id is None:
        status = ticket.status
    after = touched(replace(ticket, assignee_id=assignee_id, status=status), act)
    return Change(ticket, after, (event_of(ticket, after, TicketEventKind.ASSIGNED, act),))


def moved(ticket: Ticket, verb: Verb, act: Act) -> Change:
    """Pends, resolves, reopens or closes the ticket."""
    after = touched(replace(ticket, status=status_after(ticket.status, verb)), act)
    return Change(ticket, after, (event_of(ticket, after, _EVENT_OF[verb], act),))


def _noted(change: Change, internal: FieldChanges, act: Act) -> Change:
    """Leaves the etag and the update time alone, which would tell customers of it."""
    before = change.ticket
    after = replace(before, internal_fields=with_fields(before.internal_fields, internal))
    if after == before:
        return change
    event = replace(event_of(before, after, TicketEventKind.FIELDS_SET, act), is_internal=True)
    return replace(change, ticket=after, events=(*change.events, event))


def touched(ticket: Ticket, act: Act) -> Ticket:
    return replace(ticket, update_time=act.time, revision=ticket.revision + 1)
