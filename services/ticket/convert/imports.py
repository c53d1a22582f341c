"""A ticket from elsewhere ↔ messages.

Here fields are read that are output only everywhere else, so that no rule of the contract has
looked at them before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import import_service_pb2, ticket_pb2
from services.mesh.caller import UserId
from services.mesh.errors import FieldViolation, InvalidRequest
from services.mesh.ids import new_id
from services.ticket.convert.tickets import content_of, field_value_of, ticket_message
from services.ticket.domain import (
    Act,
    Changes,
    Comment,
    Impact,
    Ticket,
    TicketEvent,
    TicketEventKind,
    TicketPriority,
    TicketStatus,
    TicketType,
    Urgency,
)
from services.ticket.domain.imports import History
from services.ticket.domain.log import FIELDS
from services.ticket.domain.priority import prioritized
from services.ticket.use_cases.content_checks import require_written
from services.ticket.use_cases.importing import ImportedTicket

_OWN = f"{FIELDS}."
_LONGEST_ID = 64
_LONGEST_CAUSE = 2000
_BEST_RATING = 5

# What customers may read of; all other entries are for agents, as they are where they come from.
_PUBLIC = frozenset(
    {
        TicketEventKind.OPENED,
        TicketEventKind.UPDATED,
        TicketEventKind.COMMENTED,
        TicketEventKind.ASSIGNED,
        TicketEventKind.PENDED,
        TicketEventKind.RESOLVED,
        TicketEventKind.REOPENED,
        TicketEventKind.CLOSED,
        TicketEventKind.RATED,
        TicketEventKind.ACKNOWLEDGED,
    }
)


def history_of(
    request: import_service_pb2.ImportTicketRequest, ticket_id: str, act: Act
) -> History:
    _require_short_ids(request, "")
    comments, new_ids = _comments(request.comments, ticket_id, act.time)
    ticket = _ticket(request.ticket, ticket_id, act)
    # However it was told: nothing is older than what was last written on it.
    written = [comment.create_time for comment in comments if not comment.is_internal]
    last = max([ticket.update_time, *written])
    internal = {comment.comment_id for comment in comments if comment.is_internal}
    events = [
        _event(f"events[{place}]", event, ticket_id, act.time, new_ids=new_ids, internal=internal)
        for place, event in enumerate(request.events)
    ]
    return History(replace(ticket, update_time=last), tuple(comments), tuple(events))


def imported_message(found: ImportedTicket) -> import_service_pb2.ImportTicketResponse:
    return import_service_pb2.ImportTicketResponse(
        ticket=ticket_message(found.ticket), imported_before=found.was_there
    )


def _ticket(message: ticket_pb2.Ticket, ticket_id: str, act: Act) -> Ticket:
    require_written("ticket.subject", message.subject)
    content = content_of(message)
    created = act.time
    if message.HasField("create_time"):
        created = time_of("ticket.create_time", message.create_time, act.time)
    updated = created
    if message.HasField("update_time"):
        updated = time_of("ticket.update_time", message.update_time, act.time)
    if updated < created:
        raise _invalid("ticket.update_time", "must not lie before create_time")
    ticket = Ticket(
        ticket_id=ticket_id,
        number=max(message.number, 0),
        subject=content.subject,
        body=content.body,
        status=_status("ticket.status", message.status or ticket_pb2.TICKET_STATUS_NEW),
        priority=content.priority or TicketPriority.NORMAL,
        requester_id=UserId(message.requester_id) if message.requester_id else act.actor_id,
        assignee_id=UserId(message.assignee_id) if message.assignee_id else None,
        tags=content.unique_tags,
        chat_session_id=message.chat_session_id or None,
        create_time=created,
        update_time=updated,
        revision=1,
        impact=content.impact,
        urgency=content.urgency,
        priority_rule=message.priority_rule,
        ticket_type=content.ticket_type,
        queue=content.queue_or_default,
        follower_ids=tuple(map(UserId, sorted(set(message.follower_ids)))),
        rating=_rating("ticket.rating", message.rating),
        rating_comment=message.rating_comment,
        fields={key: value for key, value in content.fields.items() if value is not None},
    )
    return ticket if content.priority else prioritized(ticket, None)


def _comments(
    messages: Iterable[ticket_pb2.Comment], ticket_id: str, now: datetime
) -> tuple[list[Comment], dict[str, str]]:
    """With the new ids by the old ones."""
    comments, new_ids = [], {}
    for place, message in enumerate(messages):
        field = f"comments[{place}]"
        require_written(f"{field}.body", message.body)
        if not message.author_id:
            raise _invalid(f"{field}.author_id", "is missing")
        if message.comment_id in new_ids:
            raise _invalid(f"{field}.comment_id", "is there twice")
        comment = Comment(
            comment_id=new_id(),
            ticket_id=ticket_id,
            author_id=UserId(message.author_id),
            body=message.body,
            is_internal=message.internal,
            create_time=time_of(f"{field}.create_time", message.create_time, now),
        )
        if message.comment_id:
            new_ids[message.comment_id] = comment.comment_id
        comments.append(comment)
    # Those of one moment stay in the order that they came in, which is that of their new ids.
    return sorted(comments, key=lambda comment: comment.create_time), new_ids


def _event(
    field: str,
    message: ticket_pb2.TicketEvent,
    ticket_id: str,
    now: datetime,
    *,
    new_ids: Mapping[str, str],
    internal: set[str],
) -> TicketEvent:
    kind = _kind(f"{field}.kind", message.kind)
    comment_id = new_ids.get(message.comment_id)
    if message.comment_id and comment_id is None:
        raise _invalid(f"{field}.comment_id", "names no comment that came along")
    if len(message.cause) > _LONGEST_CAUSE:
        raise _invalid(f"{field}.cause", f"is longer than {_LONGEST_CAUSE} characters")
    return TicketEvent(
        ticket_id=ticket_id,
        kind=kind,
        actor_id=UserId(message.actor_id),
        create_time=time_of(f"{field}.create_time", message.create_time, now),
        status=_status(f"{field}.status", message.status),
        assignee_id=UserId(message.assignee_id) if message.assignee_id else None,
        comment_id=comment_id,
        changed_fields=tuple(message.changed_fields),
        is_internal=kind not in _PUBLIC or comment_id in internal,
        changes=_changes(field, message),
        cause=message.cause,
    )


def _changes(field: str, message: ticket_pb2.TicketEvent) -> Changes | None:
    if not message.HasField("changes"):
        return None
    own = [name for name in message.changed_fields if name.startswith(_OWN)]
    unknown = [name for name in message.changed_fields if name not in {*READ, *own}]
    if unknown:
        raise _invalid(f"{field}.changed_fields", f"there is no field '{unknown[0][:40]}'")
    changes = {
        name: READ[name](f"{field}.changes.{name}", getattr(message.changes, name))
        for name in message.changed_fields
        if name in READ
    }
    values = {name: message.changes.fields.get(name.removeprefix(_OWN)) for name in own}
    return changes | {
        name: field_value_of(value) if value is not None else None for name, value in values.items()
    }


def time_of(field: str, stamp: Timestamp, now: datetime) -> datetime:
    if not stamp.ByteSize():
        raise _invalid(field, "is missing")
    try:
        time = stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise _invalid(field, "is no time") from None
    if time > now:
        raise _invalid(field, "must not lie in the future")
    return time


def _status(field: str, value: int) -> TicketStatus:
    try:
        name = ticket_pb2.TicketStatus.Name(ticket_pb2.TicketStatus.ValueType(value))
        return TicketStatus(name.removeprefix("TICKET_STATUS_"))
    except ValueError:
        raise _invalid(field, "is no status") from None


def _kind(field: str, value: int) -> TicketEventKind:
    try:
        name = ticket_pb2.TicketEventKind.Name(ticket_pb2.TicketEventKind.ValueType(value))
        return TicketEventKind(name.removeprefix("TICKET_EVENT_KIND_"))
    except ValueError:
        raise _invalid(field, "is no kind of event") from None


def _level(kind: Callable[[int], object], field: str, value: int) -> object:
    try:
        return kind(value)
    except ValueError:
        raise _invalid(field, "is not known") from None


def _rating(field: str, value: int) -> int | None:
    if not 0 <= value <= _BEST_RATING:
        raise _invalid(field, f"is none from 1 to {_BEST_RATING}")
    return value or None


def _require_short_ids(message: Message, path: str) -> None:
    """Looks at all ids, however deep they are."""
    for field, value in message.ListFields():
        name = f"{path}{field.name}"
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        if field.message_type is not None:
            for place, part in enumerate(value if field.is_repeated else [value]):
                inner = f"{name}[{place}]." if field.is_repeated else f"{name}."
                _require_short_ids(part, inner)
        elif name.endswith(("_id", "_ids")):
            texts = value if field.is_repeated else [value]
            if any(len(text) > _LONGEST_ID for text in texts):
                raise _invalid(name, f"is longer than {_LONGEST_ID} characters")


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest(
        "The request breaks a rule.", violations=[FieldViolation(field, description)]
    )


def _as_it_is(_: str, value: object) -> object:
    return value


def _or_none(_: str, value: object) -> object:
    return value or None


def _once_each(_: str, values: Iterable[str]) -> object:
    return tuple(sorted(set(values)))


def _level_or_none(
    kind: Callable[[int], object],
) -> Callable[[str, int], object]:
    return lambda field, value: _level(kind, field, value) if value else None


READ: Mapping[str, Callable[[str, Any], object]] = MappingProxyType(
    {
        "subject": _as_it_is,
        "body": _as_it_is,
        "status": _status,
        "priority": partial(_level, TicketPriority),
        "requester_id": _as_it_is,
        "assignee_id": _or_none,
        "tags": _once_each,
        "chat_session_id": _or_none,
        "impact": _level_or_none(Impact),
        "urgency": _level_or_none(Urgency),
        "priority_rule": _as_it_is,
        "ticket_type": _level_or_none(TicketType),
        "queue": _as_it_is,
        "follower_ids": _once_each,
        "rating": _rating,
        "rating_comment": _as_it_is,
        # It names a ticket by an id that means nothing here.
        "merged_into_id": lambda *_: None,
    }
)
