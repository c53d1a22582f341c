"""Data on stdout, the rest on stderr, and an exit code that a script can use."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from google.protobuf.json_format import Parse

from helpdesk.chat.v1 import chat_pb2
from helpdesk.ticket.v1 import ticket_pb2
from services.cli.app import COMMANDS
from tests.cli.conftest import Command
from tests.cli.dummies import HELPDESK, environment
from tests.cli.fake_mesh import FakeMesh

CITATION = chat_pb2.Citation(
    number=1, title="Reset", source_uri="reset.md", quote="Open the \x1b[31mportal\u202e.", end=9
)


def answer(*events: chat_pb2.StreamMessageResponse) -> list[chat_pb2.StreamMessageResponse]:
    return list(events)


def said(text: str) -> chat_pb2.StreamMessageResponse:
    return chat_pb2.StreamMessageResponse(delta=chat_pb2.AnswerDelta(text=text))


def done(message: chat_pb2.Message) -> chat_pb2.StreamMessageResponse:
    return chat_pb2.StreamMessageResponse(done=chat_pb2.AnswerDone(message=message))


ANSWERED = chat_pb2.Message(
    session_id="s-1",
    text="Open the portal. [1]",
    outcome=chat_pb2.ANSWER_OUTCOME_ANSWERED,
    citations=[CITATION],
)


def test_an_answer_is_printed_with_numbered_citations(helpdesk: Command, acme: FakeMesh) -> None:
    acme.chat.steps = answer(said("Open the "), said("portal. [1]"), done(ANSWERED))
    ended = helpdesk("ask", "--tenant", "acme", "how?")
    assert ended.code == 0
    assert ended.out == (
        "Open the portal. [1]\n\n[1] Reset  reset.md\n    “Open the [31mportal.”\n"
    )
    assert "--session s-1" in ended.err


def test_control_characters_of_a_document_do_not_reach_the_terminal(
    helpdesk: Command, acme: FakeMesh
) -> None:
    acme.chat.steps = answer(said("\x1b]0;owned\x07text\r"), done(ANSWERED))
    ended = helpdesk("ask", "--tenant", "acme", "how?")
    assert "\x1b" not in ended.out
    assert "\u202e" not in ended.out
    assert ended.out.startswith("]0;ownedtext\n")


def test_json_is_the_final_message_and_nothing_else(helpdesk: Command, acme: FakeMesh) -> None:
    acme.chat.steps = answer(said("Open the portal. [1]"), done(ANSWERED))
    ended = helpdesk("ask", "--tenant", "acme", "how?", "-o", "json")
    assert Parse(ended.out, chat_pb2.Message()) == ANSWERED
    assert ended.json["nearestArticles"] == []
    assert ended.err == ""


def test_a_question_without_an_answer_names_the_nearest_articles(
    helpdesk: Command, acme: FakeMesh
) -> None:
    near = chat_pb2.NearestArticle(title="VPN", source_uri="vpn.md")
    message = chat_pb2.Message(
        outcome=chat_pb2.ANSWER_OUTCOME_NOT_FOUND, nearest_articles=[near], session_id="s-1"
    )
    acme.chat.steps = answer(said("I cannot answer that."), done(message))
    ended = helpdesk("ask", "--tenant", "acme", "how?")
    assert ended.code == 0
    assert "The nearest articles:\n  • VPN  vpn.md\n" in ended.out


def test_an_answer_that_breaks_off_is_an_error(helpdesk: Command, acme: FakeMesh) -> None:
    acme.chat.steps = answer(said("Open the"))
    ended = helpdesk("ask", "--tenant", "acme", "how?")
    assert ended.code == 1
    assert "The answer was cut off." in ended.err


def test_an_error_within_the_stream_is_shown(helpdesk: Command, acme: FakeMesh) -> None:
    step = chat_pb2.StreamMessageResponse()
    step.error.code, step.error.message = 13, "KeyError: 'secret'"
    acme.chat.steps = answer(step)
    ended = helpdesk("ask", "--tenant", "acme", "how?")
    assert ended.code == 1
    assert "secret" not in ended.err


def test_tickets_are_created_found_by_number_and_listed(helpdesk: Command, acme: FakeMesh) -> None:
    for number in range(1, 4):
        created = helpdesk(
            "tickets", "create", "--tenant", "acme", "--subject", f"No. {number}", "-o", "json"
        )
        assert Parse(created.out, ticket_pb2.Ticket()) == acme.tickets.tickets[-1]
    shown = helpdesk("tickets", "show", "--tenant", "acme", "#2", "-o", "json")
    assert shown.json["ticketId"] == "ticket-2"
    listed = helpdesk("tickets", "list", "--tenant", "acme", "-o", "json")
    assert [ticket["number"] for ticket in listed.json["tickets"]] == [3, 2, 1]
    table = helpdesk("tickets", "--tenant", "acme")
    assert "No. 3" in table.out
    assert "Ada" in table.out


@pytest.mark.parametrize("name", ["9", "#0", "ticket-9"])
def test_a_ticket_that_does_not_exist(helpdesk: Command, acme: FakeMesh, name: str) -> None:
    helpdesk("tickets", "create", "--tenant", "acme", "--subject", "One")
    ended = helpdesk("tickets", "show", name, "--tenant", "acme", "-o", "json")
    assert (ended.code, ended.out) == (1, "")
    error = json.loads(ended.err)
    assert error["code"] == "TICKET_NOT_FOUND"
    assert error["hint"] == "helpdesk tickets list"


def test_a_login_that_is_missing_ends_with_four(helpdesk: Command) -> None:
    ended = helpdesk("ask", "--tenant", "acme", "how?", "-o", "json")
    assert (ended.code, ended.out) == (4, "")
    assert json.loads(ended.err) == {
        "code": "NOT_LOGGED_IN",
        "message": "You are not logged in to acme.",
        "hint": "helpdesk login --tenant acme",
    }


def test_a_helpdesk_that_is_not_there(
    helpdesk: Command, acme: FakeMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpdesk("token")
    acme.stop()
    ended = helpdesk("tickets", "list")
    assert ended.code == 1
    assert ended.err == (
        f"error: The helpdesk does not answer at {acme.url}.\nhint: helpdesk up --detach\n"
    )


@pytest.mark.parametrize(
    "words",
    [["ask"], ["nonsense"], ["ask", "how?", "--colour"], ["tickets", "create"], ["kb", "explode"]],
)
def test_a_command_that_is_misspelt_ends_with_one(helpdesk: Command, words: list[str]) -> None:
    ended = helpdesk(*words)
    assert (ended.code, ended.out) == (1, "")
    assert "Usage: helpdesk" in ended.err


def test_ctrl_c_ends_with_two(
    helpdesk: Command, acme: FakeMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.cli.commands.ask.follow", interrupted)
    ended = helpdesk("ask", "--tenant", "acme", "how?")
    assert (ended.code, ended.err) == (2, "error: cancelled\n")


def test_a_reader_that_has_gone_is_no_error(acme: FakeMesh, data: Path) -> None:
    acme.tickets.tickets += [
        ticket_pb2.Ticket(number=number, subject="x" * 200) for number in range(2000)
    ]
    read_end, write_end = os.pipe()
    os.close(read_end)
    ended = subprocess.run(
        [*HELPDESK, "tickets", "list", "--tenant", "acme", "--limit", "2000"],
        env=environment(data, HELPDESK_ADDRESS=acme.url),
        stdout=write_end,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write_end)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_pipe_gets_whole_lines_without_colour(acme: FakeMesh, data: Path) -> None:
    acme.tickets.tickets.append(ticket_pb2.Ticket(number=1, subject="word " * 40))
    ended = subprocess.run(
        [*HELPDESK, "tickets", "list", "--tenant", "acme"],
        env=environment(data, HELPDESK_ADDRESS=acme.url),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("word " * 40).strip() in ended.stdout
    assert "\x1b" not in ended.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from services.cli.__main__ import run; run(['--help']);"
        "print(sorted({'grpc', 'google', 'sqlalchemy', 'cryptography'} & set(sys.modules)))"
    )
    ended = subprocess.run([HELPDESK[0], "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"
    assert all(entry.help in ended.stdout for entry in COMMANDS)


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_explains_itself(helpdesk: Command, entry: object) -> None:
    name = str(getattr(entry, "name", ""))
    ended = helpdesk(name, "--help")
    assert ended.code == 0
    assert f"Usage: helpdesk {name}" in ended.out
