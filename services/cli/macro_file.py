"""The actions of a macro as people write them down, in YAML; `text_of` and `read_actions` undo each
other.

    - queue: network
    - priority: high
    - assignee: me            # or a user's id; nobody takes it away
    - type: incident
    - add_tags: [vpn]
    - remove_tags: [wifi]
    - field: {seats: 5}
    - comment: "Dear {{requester.name}}, it is on its way."
    - note: "For agents alone."
    - reply: welcome          # a canned reply; `reply_note` makes it a note
    - step: resolve           # or pend, reopen, close
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import yaml

from helpdesk.ticket.v1 import bulk_service_pb2, field_pb2, macro_service_pb2, ticket_pb2
from services.cli import own_fields
from services.cli.failures import CommandError

_NOBODY = "nobody"
_Action = macro_service_pb2.MacroAction


def read_actions(file: Path, fields: Sequence[field_pb2.TicketField]) -> list[_Action]:
    """Raises CommandError that says what cannot be read; what cannot be, the service says."""
    try:
        written = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise _wrong(f"{file} cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(written, list):
        raise _wrong(f"{file} is no list of actions")
    actions = []
    for place, said in enumerate(written, 1):
        if not isinstance(said, dict) or len(said) != 1 or next(iter(said)) not in _READ:
            raise _wrong(f"action {place} is none of {', '.join(_READ)}")
        [(name, value)] = said.items()
        try:
            actions.append(_read(name, value, fields))
        except (ValueError, TypeError, own_fields.Unfit) as reason:
            raise _wrong(f"action {place}, {name}: {reason}") from None
    return actions


def text_of(macro: macro_service_pb2.Macro) -> str:
    said = [part for action in macro.actions for part in _said(action)]
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


def _read(name: str, value: object, fields: Sequence[field_pb2.TicketField]) -> _Action:
    if name != "field":
        return _READ[name](value)
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError("must be one key with its value")
    [(key, said)] = value.items()
    field = next((each for each in fields if each.key == key), None)
    if field is None:
        raise ValueError(f"there is no field '{key}'")
    given = None if said is None else own_fields.value_of(field, said)
    return _Action(field=macro_service_pb2.MacroField(key=key, value=given))


def _text(value: object) -> str:
    if not isinstance(value, str | int):
        raise TypeError("must be a text")
    return str(value)


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("must be a list")
    return [_text(each) for each in value]


def _comment(*, internal: bool) -> Callable[[object], _Action]:
    return lambda said: _Action(
        comment=macro_service_pb2.MacroComment(text=_text(said), internal=internal)
    )


def _reply(*, internal: bool) -> Callable[[object], _Action]:
    return lambda said: _Action(
        comment=macro_service_pb2.MacroComment(canned_reply=_text(said), internal=internal)
    )


def _assignment(said: object) -> _Action:
    user = _text(said)
    assignee_id = "" if user == _NOBODY else user
    return _Action(assignment=macro_service_pb2.MacroAssignment(assignee_id=assignee_id))


_READ: Mapping[str, Callable[[object], _Action]] = MappingProxyType(
    {
        "step": lambda said: _Action(
            step=bulk_service_pb2.TicketStep.Value(f"TICKET_STEP_{_text(said).upper()}")
        ),
        "priority": lambda said: _Action(
            priority=ticket_pb2.TicketPriority.Value(f"TICKET_PRIORITY_{_text(said).upper()}")
        ),
        "queue": lambda said: _Action(queue=_text(said)),
        "assignee": _assignment,
        "type": lambda said: _Action(
            ticket_type=ticket_pb2.TicketType.Value(f"TICKET_TYPE_{_text(said).upper()}")
        ),
        "add_tags": lambda said: _Action(tags=macro_service_pb2.MacroTags(added=_texts(said))),
        "remove_tags": lambda said: _Action(tags=macro_service_pb2.MacroTags(removed=_texts(said))),
        "field": lambda said: _Action(),
        "comment": _comment(internal=False),
        "note": _comment(internal=True),
        "reply": _reply(internal=False),
        "reply_note": _reply(internal=True),
    }
)


def _said(action: _Action) -> list[dict[str, object]]:
    match action.WhichOneof("action"):
        case "step":
            return [{"step": _word(bulk_service_pb2.TicketStep.Name(action.step))}]
        case "priority":
            return [{"priority": _word(ticket_pb2.TicketPriority.Name(action.priority))}]
        case "ticket_type":
            return [{"type": _word(ticket_pb2.TicketType.Name(action.ticket_type))}]
        case "comment":
            return [_said_comment(action.comment)]
    return _said_more(action)


def _said_more(action: _Action) -> list[dict[str, object]]:
    if action.HasField("queue"):
        return [{"queue": action.queue}]
    if action.HasField("assignment"):
        return [{"assignee": action.assignment.assignee_id or _NOBODY}]
    if action.HasField("field"):
        value = action.field.value
        said = own_fields.text_of(value) if value.WhichOneof("kind") else None
        return [{"field": {action.field.key: said}}]
    tags = {"add_tags": [*action.tags.added], "remove_tags": [*action.tags.removed]}
    return [{name: each} for name, each in tags.items() if each]


def _said_comment(comment: macro_service_pb2.MacroComment) -> dict[str, object]:
    if comment.canned_reply:
        return {"reply_note" if comment.internal else "reply": comment.canned_reply}
    return {"note" if comment.internal else "comment": comment.text}


def _word(name: str) -> str:
    return name.rpartition("_")[2].lower()


def _wrong(message: str) -> CommandError:
    return CommandError(
        message, hint="- queue: network, - priority: high, …", code="MACRO_FILE_INVALID"
    )
