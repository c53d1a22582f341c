"""What `helpdesk reports` shows: charts that fit, and CSV."""

import csv
import io
from collections.abc import Iterable

import pytest
from rich.console import Console, RenderableType

from helpdesk.ticket.v1.report_service_pb2 import (
    SlaAttainment,
    SlaRow,
    TimeFigures,
    TimeRow,
    VolumeRow,
)
from services.cli.report_csv import csv_text
from services.cli.screens.reports import bar, duration, sla_charts, time_charts, volume_charts

ROWS = [
    VolumeRow(group="general", from_day="2027-12-01", until_day="2027-12-02", created=8, backlog=8),
    VolumeRow(
        group="general", from_day="2027-12-02", until_day="2027-12-03", resolved=4, backlog=4
    ),
    VolumeRow(group="", from_day="2027-12-01", until_day="2027-12-02", created=1, reopened=1),
]
FIGURES = TimeFigures(
    tickets=3, p50_seconds=3600, p75_seconds=7200, p90_seconds=7300, p95_seconds=90_000
)
TIMES = TimeRow(
    from_day="2027-12-01",
    until_day="2028-01-01",
    first_response=FIGURES,
    first_response_open=TimeFigures(tickets=3, p95_seconds=60),
    resolution=TimeFigures(),
)


def shown(chart: Iterable[RenderableType], width: int = 300) -> list[str]:
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        for part in chart:
            console.print(part)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_each_bar_has_its_number_beside_it_and_its_groups_name_above() -> None:
    assert shown(volume_charts(ROWS, 70)) == [
        "general",
        "from        created        resolved       reopened       backlog",
        "2027-12-01  8 ███████████  0              0              8 ███████████",
        "2027-12-02  0              4 █████▌       0              4 █████▌",
        "",
        "nobody",
        "from        created        resolved       reopened       backlog",
        "2027-12-01  1 █▍           0              1 █▍           0",
        "",
    ]


@pytest.mark.parametrize("width", [50, 64, 80, 120])
def test_a_chart_is_no_wider_than_the_terminal(width: int) -> None:
    lines = [*shown(volume_charts(ROWS, width)), *shown(time_charts([TIMES], width))]
    bars = [line for line in lines if "█" in line and "tickets" not in line]
    assert bars
    assert max(map(len, bars)) <= width


def test_times_are_shown_with_what_nobody_waited_for() -> None:
    lines = shown(time_charts([TIMES], 57))
    assert lines[2] == "2027-12-01 until 2028-01-01"
    assert lines[3] == ("first response   3 tickets: p50 1 h, p75 2 h, p90 2 h 1 min, p95 1 d 1 h")
    assert lines[4].strip() == "█▓▓" + "░" * 37
    assert lines[-2] == "resolution       no ticket"


def test_attainment_is_shown_with_what_was_not_promised() -> None:
    row = SlaRow(from_day="2027-12-01", until_day="2028-01-01")
    row.first_response.MergeFrom(SlaAttainment(promised=4, kept=3, missed=1, percent=75))
    row.resolution.MergeFrom(SlaAttainment(promised=1000, kept=999, missed=1, percent=99.9))
    lines = shown(sla_charts([row], 36))
    assert lines[2:] == [
        "2027-12-01 until 2028-01-01",
        "first response   75.00 %  3 of 4 kept, 1 missed",
        " " * 16 + "█" * 15 + "░" * 5,
        "next response   nothing promised",
        "resolution       99.90 %  999 of 1,000 kept, 1 missed",
        " " * 16 + "█" * 19 + "░",
        "",
    ]
    assert "nothing to count" in shown(sla_charts([], 36))[0]
    (read,) = csv.DictReader(io.StringIO(csv_text(SlaRow, [row])))
    assert (read["first_response_percent"], read["next_response_promised"]) == ("75.0", "")


def test_nothing_is_said_to_be_nothing() -> None:
    assert shown(volume_charts([], 80)) == shown(time_charts([], 80))
    assert "nothing to count" in shown(volume_charts([], 80))[0]


def test_what_is_there_at_all_has_a_bar() -> None:
    assert [bar(value, 1000, 10) for value in (0, 1, 500, 1000)] == ["", "▏", "█" * 5, "█" * 10]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h"), (90_061, "1 d 1 h")],
)
def test_durations_have_two_units(seconds: int, said: str) -> None:
    assert duration(seconds) == said


def test_a_groups_name_cannot_steer_the_terminal() -> None:
    row = VolumeRow(group="\x1b[31mred", from_day="2027-12-01", created=1)
    assert not any("\x1b" in line for line in shown(volume_charts([row], 80)))


def test_csv_has_a_column_for_each_field_and_no_formula() -> None:
    formula = VolumeRow(group='=HYPERLINK("x")', from_day="2027-12-01", created=3)
    (read,) = csv.DictReader(io.StringIO(csv_text(VolumeRow, [formula])))
    assert (read["group"], read["created"], read["backlog"]) == ('\'=HYPERLINK("x")', "3", "0")
    (read,) = csv.DictReader(io.StringIO(csv_text(TimeRow, [TIMES])))
    assert read["first_response_p75_seconds"] == "7200"
    assert read["resolution_open_tickets"] == ""
