"""Natural tickets by hand: the model has never seen them."""

from pathlib import Path

from services.ticket.triage.labels import LABELS

NATURAL_TICKETS = Path(__file__).with_name("natural_tickets.txt")


def natural_tickets() -> list[tuple[str, str]]:
    """Text and label of each."""
    rows, label = [], ""
    for line in NATURAL_TICKETS.read_text("utf-8").splitlines():
        if line.startswith("["):
            label = line.strip("[]")
        elif line:
            rows.append((line, label))
    assert {label for _, label in rows} == set(LABELS)
    return rows
