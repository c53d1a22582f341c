"""What `helpdesk tickets import` makes of broken files."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.failures import CommandError
from services.cli.moving import sources
from services.cli.moving.newcomers import Newcomers
from services.cli.moving.record import Person, TicketRecord, Unusable, line_of
from services.cli.moving.settling import settled
from services.cli.moving.sheet import head, row_of
from services.cli.moving.sources import own_entries


def said(**fields: object) -> dict[str, Any]:
    ticket = {
        "ticketId": "old-1",
        "subject": "Scanner",
        "requesterId": "u1",
        "createTime": "2024-01-02T03:04:05Z",
        "updateTime": "2024-01-02T03:04:05Z",
        **fields,
    }
    return {
        "helpdesk": "ticket",
        "ticket": {name: value for name, value in ticket.items() if value is not None},
        "people": {"u1": {"email": "anna@example.com", "name": "Anna"}},
    }


def written(folder: Path, *lines: str | bytes) -> Path:
    file = folder / "tickets.jsonl"
    texts = [line if isinstance(line, bytes) else line.encode() for line in lines]
    file.write_bytes(b"\n".join(texts))
    return file


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"helpdesk": "ticket", ', "it is no JSON: "),
        (b'{"a": "\xff"}', "it is not UTF-8 text"),
        ("[" * 100_000, "it is no JSON that can be read"),
        ("7", "it is no JSON object"),
        ("{}", "it is no ticket of an export"),
        (json.dumps({"helpdesk": "ticket"}), "ticket: is missing"),
        (json.dumps(said(ticketId=None)), "ticket.ticketId: is missing"),
        (json.dumps(said(createTime=None)), "ticket.create_time: is missing"),
        (json.dumps(said(createTime="2024-01-02T03:04:05")), "ticket: Failed to parse createTime"),
        (json.dumps(said(status="LOST")), "ticket: Failed to parse status"),
        (json.dumps(said(colour="red")), 'ticket: Message type "helpdesk.ticket.v1.Ticket" has no'),
        (json.dumps({**said(), "comments": {}}), "comments: is no list"),
        (json.dumps({**said(), "people": {"u1": {}}}), "people.u1: has no email"),
    ],
)
def test_a_broken_line_is_named_and_the_next_one_is_read(
    tmp_path: Path, line: str | bytes, reason: str
) -> None:
    broken, whole = own_entries(written(tmp_path, line, json.dumps(said())))
    assert broken.record is None
    assert broken.place == "line 1"
    assert reason in broken.reason
    assert (whole.place, whole.foreign_id) == ("line 2", "old-1")
    assert whole.record is not None


def test_a_line_without_an_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_BYTES", 1000)
    long, whole = own_entries(written(tmp_path, "x" * 5000, json.dumps(said())))
    assert long.reason == "the line has more than 1000 bytes"
    assert (whole.place, whole.record is not None) == ("line 2", True)


def test_a_sheet_comes_back_and_a_formula_with_it(tmp_path: Path) -> None:
    record = next(iter(own_entries(written(tmp_path, json.dumps(said(subject="=1+1\n'x"))))))
    assert record.record is not None
    file = tmp_path / "tickets.csv"
    row = row_of(record.record.ticket, record.record.people)
    file.write_text(head() + row + row.replace("old-1", ""))
    whole, broken = own_entries(file)
    assert "'=1+1" in row
    assert whole.record is not None
    assert whole.record.ticket.subject == "=1+1\n'x"
    assert whole.record.people == {"anna@example.com": Person("anna@example.com")}
    assert broken.reason == "ticket_id: is missing"


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        next(own_entries(Path("/nowhere/tickets.jsonl")))


class Known:
    """Knows Anna and nobody else."""

    def find_or_make(self, person: Person) -> str | None:
        return "here-1" if person.email == "anna@example.com" else None


def test_who_is_unknown_leaves_a_ticket_out_or_is_noted() -> None:
    known = cast("Newcomers", Known())
    ticket = ticket_pb2.Ticket(requester_id="u1", assignee_id="u2", follower_ids=["u1", "u3"])
    people = {"u1": Person("anna@example.com"), "u2": Person("ben@example.com")}
    unknown: Counter[str] = Counter()

    record, notes = settled(TicketRecord(ticket, people=people), known, unknown)
    assert record.ticket == ticket_pb2.Ticket(requester_id="here-1", follower_ids=["here-1"])
    assert notes == ["ben@example.com is no user of this tenant", "u3 is no user of this tenant"]
    assert unknown == {"ben@example.com": 1, "u3": 1}

    comment = ticket_pb2.Comment(author_id="u2")
    with pytest.raises(Unusable, match=r"no user of this tenant: ben@example\.com"):
        settled(TicketRecord(ticket, [comment], people=people), known, unknown)
    with pytest.raises(Unusable, match="nobody is said"):
        settled(TicketRecord(ticket, [ticket_pb2.Comment()], people=people), known, unknown)


def test_a_line_says_what_it_was_made_of(tmp_path: Path) -> None:
    first = next(iter(own_entries(written(tmp_path, json.dumps(said(body="a\u2028b"))))))
    assert first.record is not None
    line = line_of(first.record)
    again = next(iter(own_entries(written(tmp_path, line))))
    assert again.record == first.record
