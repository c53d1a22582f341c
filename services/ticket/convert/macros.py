"""Macros ↔ messages, both directions side by side."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import assert_never

from helpdesk.ticket.v1 import bulk_service_pb2, macro_service_pb2, ticket_pb2
from services.mesh.caller import UserId
from services.ticket.convert.tickets import (
    comment_message,
    event_message,
    field_value_message,
    field_value_of,
    ticket_message,
)
from services.ticket.domain import TicketPriority, TicketType, Verb
from services.ticket.domain.macros import (
    AssigneeAction,
    CommentAction,
    FieldAction,
    Macro,
    MacroAction,
    MoveAction,
    PriorityAction,
    QueueAction,
    TagsAction,
    TypeAction,
)
from services.ticket.use_cases.macros import MacroPreview

_STEP = "TICKET_STEP_"


def action_of(message: macro_service_pb2.MacroAction) -> MacroAction:
    return _READ[message.WhichOneof("action") or ""](message)


def macro_message(macro: Macro) -> macro_service_pb2.Macro:
    message = macro_service_pb2.Macro(name=macro.name, actions=map(action_message, macro.actions))
    message.create_time.FromDatetime(macro.create_time)
    message.update_time.FromDatetime(macro.update_time)
    return message


def action_message(action: MacroAction) -> macro_service_pb2.MacroAction:
    made = macro_service_pb2.MacroAction()
    match action:
        case MoveAction(verb):
            made.step = bulk_service_pb2.TicketStep.Value(f"{_STEP}{verb.name}")
        case PriorityAction(priority):
            made.priority = ticket_pb2.TicketPriority.ValueType(priority or 0)
        case QueueAction(queue):
            made.queue = queue
        case AssigneeAction(assignee_id):
            made.assignment.assignee_id = assignee_id or ""
            made.assignment.SetInParent()
        case TypeAction(ticket_type):
            made.ticket_type = ticket_pb2.TicketType.ValueType(ticket_type or 0)
        case TagsAction(added, removed):
            made.tags.CopyFrom(macro_service_pb2.MacroTags(added=added, removed=removed))
        case FieldAction(key, value):
            made.field.key = key
            if value is not None:
                made.field.value.CopyFrom(field_value_message(value))
        case CommentAction(text, canned_reply, is_internal):
            comment = macro_service_pb2.MacroComment(
                text=text, canned_reply=canned_reply, internal=is_internal
            )
            made.comment.CopyFrom(comment)
        case _:
            assert_never(action)
    return made


def preview_message(preview: MacroPreview) -> macro_service_pb2.PreviewMacroResponse:
    return macro_service_pb2.PreviewMacroResponse(
        ticket=ticket_message(preview.ticket),
        events=[event_message(event) for change in preview.changes for event in change.events],
        comments=[
            comment_message(change.comment)
            for change in preview.changes
            if change.comment is not None
        ],
    )


_READ: Mapping[str, Callable[[macro_service_pb2.MacroAction], MacroAction]] = MappingProxyType(
    {
        "step": lambda said: MoveAction(
            Verb[bulk_service_pb2.TicketStep.Name(said.step).removeprefix(_STEP)]
        ),
        "priority": lambda said: PriorityAction(
            TicketPriority(said.priority) if said.priority else None
        ),
        "queue": lambda said: QueueAction(said.queue),
        "assignment": lambda said: AssigneeAction(UserId(said.assignment.assignee_id) or None),
        "ticket_type": lambda said: TypeAction(
            TicketType(said.ticket_type) if said.ticket_type else None
        ),
        "tags": lambda said: TagsAction(tuple(said.tags.added), tuple(said.tags.removed)),
        "field": lambda said: FieldAction(said.field.key, field_value_of(said.field.value)),
        "comment": lambda said: CommentAction(
            said.comment.text, said.comment.canned_reply, said.comment.internal
        ),
    }
)
