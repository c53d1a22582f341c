"""`helpdesk audit …` against a gateway in this process."""

import json
from pathlib import Path

import pytest

from helpdesk.common.v1 import audit_pb2
from tests.cli.conftest import Command
from tests.cli.fake_audit import AREAS
from tests.cli.fake_mesh import FakeMesh


@pytest.fixture
def recorded(acme: FakeMesh) -> FakeMesh:
    for number in range(3):
        acme.audits["ticket"].add("CloseTicket", at=number * 2)
        acme.audits["auth"].add("IssueToken", at=number * 2 + 1)
    acme.audits["search"].add("DeleteDocument", at=9, reason="DOCUMENT_NOT_FOUND")
    return acme


@pytest.fixture
def keys(recorded: FakeMesh, tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    for audit in recorded.audits.values():
        audit.keep_key(folder)
    return folder


@pytest.fixture
def exported(recorded: FakeMesh, helpdesk: Command, tmp_path: Path) -> Path:
    file = tmp_path / "export.jsonl"
    assert helpdesk("audit", "export", "--output", str(file)).code == 0
    return file


def test_tail_merges_the_services_by_time(recorded: FakeMesh, helpdesk: Command) -> None:
    lines = helpdesk("audit", "tail", "-n", "4").out.splitlines()[2:]

    assert [line.split()[2:4] for line in lines] == [
        ["auth", "2"],
        ["ticket", "3"],
        ["auth", "3"],
        ["search", "1"],
    ]
    assert "refused DOCUMENT_NOT_FOUND" in lines[-1]


def test_tail_shows_one_service_when_asked(recorded: FakeMesh, helpdesk: Command) -> None:
    out = helpdesk("audit", "tail", "--service", "search", "-o", "json").out

    assert [json.loads(line)["method"] for line in out.splitlines()] == [
        "/helpdesk.search.v1.Service/DeleteDocument"
    ]


def test_an_export_holds_every_record_of_every_service(recorded: FakeMesh, exported: Path) -> None:
    lines = [json.loads(line) for line in exported.read_text().splitlines()]

    expected = {(area, r.seq, r.mac) for area in AREAS for r in recorded.audits[area].records}
    assert {(line["service"], line["seq"], line["mac"]) for line in lines} == expected
    assert exported.stat().st_mode & 0o777 == 0o600


def test_an_export_goes_on_where_it_was_left(
    recorded: FakeMesh, helpdesk: Command, exported: Path
) -> None:
    whole = exported.read_text()
    recorded.audits["ticket"].add("ReopenTicket", at=20)
    # As a killed command leaves it: half a line at the end.
    exported.write_text(whole[:-30])

    again = helpdesk("audit", "export", "--output", str(exported))
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    assert "2 records added" in again.err
    assert len({(line["service"], line["seq"]) for line in lines}) == len(lines) == 8


def test_an_export_of_something_else_is_left_alone(
    recorded: FakeMesh, helpdesk: Command, tmp_path: Path
) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann,\n")

    ended = helpdesk("audit", "export", "--output", str(file))
    assert ended.code == 1
    assert "Line 1" in ended.err
    assert file.read_text() == "Dear Ann,\n"


def test_verify_ends_well_when_all_is_sound(recorded: FakeMesh, helpdesk: Command) -> None:
    ended = helpdesk("audit", "verify")

    assert ended.code == 0
    assert ended.out.count("sound") == 4


def test_verify_names_the_service_and_the_record(recorded: FakeMesh, helpdesk: Command) -> None:
    fault = recorded.audits["ticket"].verdict.fault
    fault.kind = audit_pb2.AUDIT_FAULT_KIND_ALTERED
    fault.seq, fault.description = 2, "record 2 is not what was written there"

    ended = helpdesk("audit", "verify")
    assert ended.code == 1
    assert "ticket: record 2 is not what was written there" in ended.err
    as_json = helpdesk("audit", "verify", "-o", "json")
    assert as_json.code == 1
    assert as_json.json["ticket"]["fault"]["seq"] == "2"


def test_an_export_is_proved_by_the_keys_alone(
    helpdesk: Command, exported: Path, keys: Path
) -> None:
    ended = helpdesk("audit", "verify", "--file", str(exported), "--key", str(keys))

    assert ended.code == 0
    assert "ticket           3 sound records   sound" in ended.out


def test_an_export_that_was_altered_names_the_record(
    helpdesk: Command, exported: Path, keys: Path
) -> None:
    lines = exported.read_text().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if '"service":"ticket","seq":2' in line)
    lines[number] = lines[number].replace("CloseTicket", "CreateTicket")
    exported.write_text("".join(lines))

    ended = helpdesk("audit", "verify", "--file", str(exported), "--key", str(keys))
    assert ended.code == 1
    assert "ticket: record 2 is not what was written there" in ended.err


def test_an_export_without_a_record_names_it(helpdesk: Command, exported: Path, keys: Path) -> None:
    lines = exported.read_text().splitlines(keepends=True)
    exported.write_text("".join(line for line in lines if '"auth","seq":1' not in line))

    ended = helpdesk("audit", "verify", "--file", str(exported), "--key", str(keys))
    assert "auth: record 1 is missing" in ended.err


def test_a_key_that_is_not_given_is_said(
    recorded: FakeMesh, helpdesk: Command, exported: Path, keys: Path
) -> None:
    (key,) = (keys / "auth" / "audit-keys").iterdir()
    ended = helpdesk("audit", "verify", "--file", str(exported), "--key", str(key))

    assert ended.code == 1
    assert "ticket: record 1 names a key that is not at hand" in ended.err
    assert "auth:" not in ended.err


def test_a_file_that_is_no_key_is_refused(
    helpdesk: Command, exported: Path, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("no key")
    ended = helpdesk("audit", "verify", "--file", str(exported), "--key", str(tmp_path / "key"))

    assert ended.code == 1
    assert "holds no audit key" in ended.err
