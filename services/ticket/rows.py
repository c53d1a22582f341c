"""Rows ↔ domain, both directions side by side."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from services.mesh.caller import UserId
from services.mesh.ids import new_id
from services.ticket.domain import (
    Changes,
    Comment,
    Impact,
    Link,
    LinkKind,
    Ticket,
    TicketEvent,
    TicketEventKind,
    TicketPriority,
    TicketStatus,
    TicketType,
    Urgency,
)
from services.ticket.tables import CommentRow, EventRow, LinkRow, TicketRow

# How JSON becomes a ticket's value again, where it is not the value itself.
_READ: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "status": TicketStatus,
        "priority": TicketPriority,
        "impact": Impact,
        "urgency": Urgency,
        "ticket_type": TicketType,
        "follower_ids": tuple,
        "tags": tuple,
        "create_time": datetime.fromisoformat,
        "update_time": datetime.fromisoformat,
    }
)


def ticket_columns(ticket: Ticket) -> dict[str, object]:
    columns = {**vars(ticket), "follower_ids": list(ticket.follower_ids)}
    del columns["tags"]
    return columns


def event_columns(happened: TicketEvent) -> dict[str, object]:
    return {
        **vars(happened),
        "changed_fields": list(happened.changed_fields),
        "changes": changes_json(happened.changes) if happened.changes is not None else None,
    }


def changes_json(changes: Changes) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in changes.items()
    }


def outbox_columns(happened: TicketEvent) -> dict[str, object]:
    payload: dict[str, str | int] = {"ticket_id": happened.ticket_id, "seq": happened.seq}
    if happened.comment_id is not None:
        payload["comment_id"] = happened.comment_id
    return {
        "outbox_id": new_id(),
        "kind": happened.kind,
        "payload": payload,
        "create_time": happened.create_time,
    }


def ticket_from(row: TicketRow, tags: str | None) -> Ticket:
    return Ticket(
        ticket_id=row.ticket_id,
        number=row.number,
        subject=row.subject,
        body=row.body,
        status=TicketStatus(row.status),
        priority=TicketPriority(row.priority),
        requester_id=UserId(row.requester_id),
        assignee_id=UserId(row.assignee_id) if row.assignee_id is not None else None,
        tags=tuple(sorted((tags or "").split())),
        chat_session_id=row.chat_session_id,
        create_time=row.create_time,
        update_time=row.update_time,
        revision=row.revision,
        impact=Impact(row.impact) if row.impact is not None else None,
        urgency=Urgency(row.urgency) if row.urgency is not None else None,
        priority_rule=row.priority_rule,
        ticket_type=TicketType(row.ticket_type) if row.ticket_type is not None else None,
        queue=row.queue,
        follower_ids=tuple(map(UserId, row.follower_ids)),
        merged_into_id=row.merged_into_id,
        merged_into_own=row.merged_into_own,
        rating=row.rating,
        rating_comment=row.rating_comment,
    )


def comment_from(row: CommentRow) -> Comment:
    return Comment(
        comment_id=row.comment_id,
        ticket_id=row.ticket_id,
        author_id=UserId(row.author_id),
        body=row.body,
        is_internal=row.is_internal,
        create_time=row.create_time,
    )


def link_from(row: LinkRow) -> Link:
    return Link(row.ticket_id, LinkKind(row.kind), row.other_ticket_id, row.create_time)


def event_from(row: EventRow) -> TicketEvent:
    return TicketEvent(
        ticket_id=row.ticket_id,
        kind=TicketEventKind(row.kind),
        actor_id=UserId(row.actor_id),
        create_time=row.create_time,
        status=TicketStatus(row.status),
        assignee_id=UserId(row.assignee_id) if row.assignee_id is not None else None,
        comment_id=row.comment_id,
        changed_fields=tuple(row.changed_fields),
        is_internal=row.is_internal,
        seq=row.seq,
        changes=_changes_from(row.changes) if row.changes is not None else None,
        cause=row.cause,
        other_ticket_id=row.other_ticket_id,
        link_kind=LinkKind(row.link_kind) if row.link_kind is not None else None,
    )


def _changes_from(written: Mapping[str, object]) -> Changes:
    return {
        name: _READ[name](value) if name in _READ and value is not None else value
        for name, value in written.items()
    }
