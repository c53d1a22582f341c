"""What is written down about the SLA is read as it is meant, and shown so that it is read again."""

from pathlib import Path

import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.failures import CommandError
from services.cli.sla_file import read_policy, text_of

WRITTEN = """
time_zone: Europe/Berlin
hours:
  monday: ["09:00-12:00", "13:00-17:30"]
  friday: [9:00-15:00]
holidays:
  2027-12-24: ["09:00-12:00"]
  2027-12-25: []
targets:
  urgent: {first_response: 30m, resolution: 8h}
  low: {next_response: 90}
amber_percent: 60
red_percent: 80
"""


def read(folder: Path, text: str) -> object:
    file = folder / "sla.yaml"
    file.write_text(text, "utf-8")
    return read_policy(file)


def test_hours_holidays_and_targets_are_read(tmp_path: Path) -> None:
    (tmp_path / "sla.yaml").write_text(WRITTEN, "utf-8")
    policy = read_policy(tmp_path / "sla.yaml")
    week = [
        [(span.start_minute, span.end_minute) for span in d.spans] for d in policy.calendar.week
    ]
    assert week == [[(540, 720), (780, 1050)], [], [], [], [(540, 900)], [], []]
    assert [(day.day, len(day.hours.spans)) for day in policy.calendar.holidays] == [
        ("2027-12-24", 1),
        ("2027-12-25", 0),
    ]
    urgent, low = policy.targets
    assert urgent.priority == ticket_pb2.TICKET_PRIORITY_URGENT
    assert (urgent.first_response_minutes, urgent.resolution_minutes) == (30, 480)
    assert not urgent.HasField("next_response_minutes")
    assert low.next_response_minutes == 90
    assert (policy.amber_percent, policy.red_percent) == (60, 80)


def test_what_is_shown_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "sla.yaml").write_text(WRITTEN, "utf-8")
    policy = read_policy(tmp_path / "sla.yaml")
    assert sorted(map(str, read(tmp_path, text_of(policy)).targets)) == sorted(  # type: ignore[attr-defined]
        map(str, policy.targets)
    )
    assert read(tmp_path, text_of(policy)).calendar == policy.calendar  # type: ignore[attr-defined]


def test_without_hours_it_has_no_calendar(tmp_path: Path) -> None:
    (tmp_path / "sla.yaml").write_text("targets: {high: {resolution: 2h}}", "utf-8")
    assert not read_policy(tmp_path / "sla.yaml").HasField("calendar")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hours: {monday: [nine to five]}", "nine to five"),
        ("hours: {monday: 09:00-17:00}", "list of spans"),
        ("hours: {moonday: []}", "moonday"),
        ("targets: {urgent: {resolution: soon}}", "soon"),
        ("targets: {urgent: {answer: 1h}}", "answer"),
        ("targets: [1]", "mapping"),
        ("amber_percent: most", "most"),
        ("opening: {}", "opening"),
        ("a: [", "YAML"),
        ("- 1", "mapping"),
        ("\x00", "YAML"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=said) as refusal:
        read(tmp_path, text)
    assert refusal.value.code == "SLA_POLICY_UNREADABLE"
