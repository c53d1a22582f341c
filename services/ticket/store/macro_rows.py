"""The actions of macros ↔ JSON."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from services.mesh.caller import UserId
from services.ticket.domain import TicketPriority, TicketType, Verb
from services.ticket.domain.macros import (
    AssigneeAction,
    CommentAction,
    FieldAction,
    MacroAction,
    MoveAction,
    PriorityAction,
    QueueAction,
    TagsAction,
    TypeAction,
)
from services.ticket.store.rows import field_from, field_json

_KINDS: Mapping[str, Callable[..., MacroAction]] = {
    kind.__name__: kind
    for kind in (
        MoveAction,
        PriorityAction,
        QueueAction,
        AssigneeAction,
        TypeAction,
        TagsAction,
        FieldAction,
        CommentAction,
    )
}


# How JSON becomes an action's part again, where it is not the part itself.
_READ: Mapping[str, Callable[[Any], object]] = MappingProxyType(
    {
        "verb": Verb,
        "priority": TicketPriority,
        "ticket_type": TicketType,
        "assignee_id": UserId,
        "value": field_from,
        "added": tuple,
        "removed": tuple,
    }
)


def action_json(action: MacroAction) -> dict[str, object]:
    written = asdict(action)
    if isinstance(action, FieldAction) and action.value is not None:
        written["value"] = field_json(action.value)
    return {"kind": type(action).__name__, **written}


def action_from(written: Mapping[str, Any]) -> MacroAction:
    said = dict(written)
    kind = _KINDS[said.pop("kind")]
    parts: dict[str, Any] = {
        name: _READ[name](value) if name in _READ and value is not None else value
        for name, value in said.items()
    }
    return kind(**parts)
