"""What triage found, on a terminal."""

from io import StringIO

import pytest
from rich.console import Console, RenderableType

from helpdesk.ticket.v1 import triage_service_pb2
from services.cli.commands import triage as commands
from services.cli.screens.triage import band_chart, settings_table, triage_page

TRIAGE = triage_service_pb2.Triage(
    ticket_number=12,
    subject="Door\x1b[2J",
    excerpt="The badge \u202ereader is red",
    queue="general",
    outcome=triage_service_pb2.TRIAGE_OUTCOME_UNSURE,
    candidates=[
        triage_service_pb2.TriageCandidate(label=label, probability=probability)
        for label, probability in (("Access", 0.5), ("Hardware", 0.3), ("Storage", 0.1))
    ],
    threshold=0.8,
)
LABELS = ["Access", "Hardware", "Purchase", "Storage"]


def printed(what: RenderableType) -> str:
    console = Console(file=StringIO(), width=100, color_system=None)
    console.print(what)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_ticket_is_shown_with_its_candidates_and_without_tricks() -> None:
    page = printed(triage_page(TRIAGE))

    assert "#12 Door[2J" in page
    assert "The badge reader is red" in page
    assert "unsure, asked for 0.80; in general" in page
    assert [line.split()[0] for line in page.splitlines() if "%" in line] == [
        "50.0%",
        "30.0%",
        "10.0%",
    ]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("1", "Access"),
        ("3", "Storage"),
        ("x92", "Hardware"),
        ("l3", "Purchase"),
        ("s", ""),
        ("q", None),
    ],
)
def test_one_key_is_enough(keys: str, answer: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    pressed = iter(keys)
    monkeypatch.setattr("typer.getchar", lambda: next(pressed))

    assert commands._ask(TRIAGE, LABELS) == answer
    assert not list(pressed)


def test_bands_tell_how_often_it_was_right() -> None:
    bands = [
        triage_service_pb2.TriageBand(from_probability=0.0, until_probability=0.5, tickets=3),
        triage_service_pb2.TriageBand(
            from_probability=0.5, until_probability=1.0, tickets=9, reviewed=4, right=3
        ),
    ]

    chart = printed(band_chart(bands))

    assert "0.00 to 0.50" in chart
    assert "75%" in chart


def test_settings_show_where_each_label_goes() -> None:
    settings = triage_service_pb2.TriageSettings(
        enabled=True,
        threshold=0.9,
        labels=LABELS,
        queues=[triage_service_pb2.TriageQueue(label="Access", queue="keys")],
    )

    table = printed(settings_table(settings))

    assert "triage is on, acts from 0.90" in table
    rows = [line.split() for line in table.splitlines()]
    assert ["Access", "keys"] in rows
    assert ["Storage", "general"] in rows
