"""Rows ↔ domain, both directions side by side."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from services.mesh.caller import UserId
from services.mesh.ids import new_id
from services.ticket.domain import (
    Attachment,
    Changes,
    Comment,
    FieldDefinition,
    FieldType,
    FieldValue,
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
from services.ticket.domain.fields import Fields
from services.ticket.domain.log import FIELDS, INTERNAL_FIELDS
from services.ticket.tables.tickets import (
    AttachmentRow,
    CommentRow,
    EventRow,
    FieldRow,
    LinkRow,
    TicketRow,
)

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
    for name in (FIELDS, INTERNAL_FIELDS):
        columns[name] = {key: field_json(value) for key, value in getattr(ticket, name).items()}
    return columns


def event_columns(happened: TicketEvent) -> dict[str, object]:
    return {
        **vars(happened),
        "changed_fields": list(happened.changed_fields),
        "changes": changes_json(happened.changes) if happened.changes is not None else None,
        "attachments": [changes_json(vars(one)) for one in happened.attachments] or None,
    }


def changes_json(changes: Changes) -> dict[str, object]:
    return {name: _json(value) for name, value in changes.items()}


def field_json(value: FieldValue) -> dict[str, object]:
    return {value.field_type.name: value.value}


def field_from(written: Mapping[str, Any]) -> FieldValue:
    [(name, value)] = written.items()
    field_type = FieldType[name]
    if field_type is FieldType.NUMBER:
        value = float(value)
    return FieldValue(field_type, tuple(value) if isinstance(value, list) else value)


def field_value_columns(ticket: Ticket) -> Iterator[dict[str, object]]:
    """A row for each text or number that the ticket is found by."""
    for key, value in {**ticket.fields, **ticket.internal_fields}.items():
        found = value.value if isinstance(value.value, tuple) else (value.value,)
        for each in found:
            is_text = isinstance(each, str)
            yield {
                "ticket_id": ticket.ticket_id,
                "key": key,
                "text": each if is_text else "",
                "number": None if is_text else float(each),
            }


def definition_from(row: FieldRow) -> FieldDefinition:
    return FieldDefinition(
        key=row.key,
        label=row.label,
        field_type=FieldType(row.field_type),
        create_time=row.create_time,
        options=tuple(row.options),
        is_required=row.is_required,
        is_for_customers=row.is_for_customers,
        is_retired=row.is_retired,
    )


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
        fields=_fields_from(row.fields),
        internal_fields=_fields_from(row.internal_fields),
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


def attachment_from(row: AttachmentRow) -> Attachment:
    return Attachment(
        attachment_id=row.attachment_id,
        ticket_id=row.ticket_id,
        comment_id=row.comment_id,
        file_name=row.file_name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        is_internal=row.is_internal,
        author_id=UserId(row.author_id),
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
        attachments=tuple(Attachment(**_changes_from(one)) for one in row.attachments or ()),
    )


def _changes_from(written: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: _read(name, value) for name, value in written.items()}


def _read(name: str, value: Any) -> Any:  # noqa: ANN401 - as JSON keeps it
    if value is None:
        return None
    if "." in name:
        return field_from(cast("Mapping[str, object]", value))
    return _READ[name](value) if name in _READ else value


def _json(value: object) -> object:
    if isinstance(value, FieldValue):
        return field_json(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _fields_from(written: Mapping[str, Mapping[str, object]]) -> Fields:
    return {key: field_from(value) for key, value in sorted(written.items())}
