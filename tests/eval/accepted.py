"""The figures that were last accepted, and what has become worse than they allow."""

import json
from collections.abc import Mapping
from pathlib import Path

from services.search.measures import Figure

FILE = Path(__file__).with_name("accepted.json")

Figures = Mapping[str, Mapping[str, Mapping[str, Figure]]]
"""By set, then by way of searching, then by measure."""


def losses(measured: Figures, accepted: Figures) -> list[str]:
    """What fell below the interval of its accepted figure; sets that were not accepted pass."""
    return [
        f"{name}, {way}: {measure} is {figure.value:.3f}, accepted were {known.value:.3f}"
        f" and no less than {known.low:.3f}"
        for name, ways in measured.items()
        for way, own in ways.items()
        for measure, figure in own.items()
        if (known := accepted.get(name, {}).get(way, {}).get(measure))
        # Written down with four places.
        and figure.value < known.low - 5e-5
    ]


def read_accepted(file: Path = FILE) -> dict[str, dict[str, dict[str, Figure]]]:
    return {
        name: {
            way: {measure: Figure(*values) for measure, values in own.items()}
            for way, own in ways.items()
        }
        for name, ways in json.loads(file.read_text("utf-8")).items()
    }


def write_accepted(measured: Figures, file: Path = FILE) -> None:
    """Keeps what is known of sets that were not measured this time."""
    known = read_accepted(file) if file.exists() else {}
    merged: Figures = {**known, **measured}
    lines = {
        name: {
            way: {
                measure: [round(part, 4) for part in (one.value, one.low, one.high)]
                for measure, one in own.items()
            }
            for way, own in ways.items()
        }
        for name, ways in sorted(merged.items())
    }
    file.write_text(json.dumps(lines, indent=1) + "\n", "utf-8")
