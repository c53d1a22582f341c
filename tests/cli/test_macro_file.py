"""What is written down of a macro is read as it is meant, and shown so that it is read again."""

from pathlib import Path

import pytest

from helpdesk.ticket.v1 import field_pb2, ticket_pb2
from helpdesk.ticket.v1.macro_service_pb2 import Macro
from services.cli.failures import CommandError
from services.cli.macro_file import read_actions, text_of

SEATS = field_pb2.TicketField(key="seats", field_type=field_pb2.TICKET_FIELD_TYPE_NUMBER)
WRITTEN = """
- queue: network
- priority: high
- assignee: nobody
- type: incident
- add_tags: [vpn, "7"]
- remove_tags: [wifi]
- field: {seats: 5}
- field: {seats: null}
- comment: "Dear {{requester.name}}"
- note: For agents.
- reply: welcome
- reply_note: welcome
- step: resolve
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "macro.yaml"
    file.write_text(text, "utf-8")
    return file


def test_actions_are_read_and_shown_again(tmp_path: Path) -> None:
    actions = read_actions(written(tmp_path, WRITTEN), [SEATS])
    assert actions[1].priority == ticket_pb2.TICKET_PRIORITY_HIGH
    assert actions[6].field.value.number == 5
    assert not actions[7].field.HasField("value")
    assert actions[9].comment.internal
    shown = text_of(Macro(name="move", actions=actions))
    assert read_actions(written(tmp_path, shown), [SEATS]) == actions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("queue: network", "no list of actions"),
        ("[", "cannot be read"),
        ("- paint: red", "action 1 is none of step"),
        ("- queue: a\n- {step: resolve, queue: a}", "action 2 is none of"),
        ("- step: fly", "action 1, step"),
        ("- priority: []", "must be a text"),
        ("- add_tags: vpn", "must be a list"),
        ("- field: seats", "one key with its value"),
        ("- field: {colour: red}", "there is no field 'colour'"),
        ("- field: {seats: many}", "'many' is no number"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        read_actions(written(tmp_path, text), [SEATS])
