"""What an import reads: the tickets of a file, one by one, and why one cannot be used."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from services.cli.failures import CommandError
from services.cli.moving.record import TicketRecord, Unusable, record_from
from services.cli.moving.sheet import fields_of_row, files_of_row, record_of_row

OWN = "helpdesk"
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """A ticket of a file: its record, or the reason why it has none.

    `notes` say what of it has no place here and was not taken over; `fields` are custom ones by the
    names that they have there.
    """

    place: str
    foreign_id: str = ""
    record: TicketRecord | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


Read = Callable[[Mapping[str, object]], TicketRecord]


def own_entries(file: Path) -> Iterator[Entry]:
    """Of our own export, as JSON lines or as CSV."""
    return _csv_entries(file) if file.suffix.lower() == ".csv" else _line_entries(file)


def objects_of_lines(file: Path) -> Iterator[tuple[str, object | Unusable]]:
    with opened(file) as stream:
        for number, line in enumerate(_lines(stream), 1):
            if isinstance(line, bytes) and not line.strip():
                continue
            yield f"line {number}", _parsed(line)


def opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}.", hint="helpdesk tickets import FILE"
        ) from None


def _lines(stream: BinaryIO) -> Iterable[bytes | Unusable]:
    while line := stream.readline(MOST_BYTES + 1):
        if len(line) <= MOST_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MOST_BYTES)
        yield Unusable(f"the line has more than {MOST_BYTES} bytes")


def _parsed(line: bytes | Unusable) -> object | Unusable:
    if isinstance(line, Unusable):
        return line
    try:
        said: object = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Unusable("it is not UTF-8 text")
    except json.JSONDecodeError as error:
        return Unusable(f"it is no JSON: {error.msg} at character {error.pos}")
    except (ValueError, RecursionError):
        return Unusable("it is no JSON that can be read")
    return said


def _line_entries(file: Path) -> Iterator[Entry]:
    for place, said in objects_of_lines(file):
        if isinstance(said, Unusable):
            yield Entry(place, reason=str(said))
        elif not isinstance(said, dict):
            yield Entry(place, reason="it is no JSON object")
        else:
            yield _entry(place, said)


def _entry(place: str, said: Mapping[str, object]) -> Entry:
    ticket = said.get("ticket")
    foreign_id = str(ticket.get("ticketId", "")) if isinstance(ticket, dict) else ""
    try:
        return Entry(place, foreign_id, record_from(said))
    except Unusable as reason:
        return Entry(place, foreign_id, reason=str(reason))


def _csv_entries(file: Path) -> Iterator[Entry]:
    csv.field_size_limit(MOST_BYTES)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            for number, row in enumerate(rows, 1):
                place = f"row {number}"
                foreign_id = row.get("ticket_id") or ""
                try:
                    yield Entry(
                        place,
                        foreign_id,
                        record_of_row(row),
                        notes=files_of_row(row),
                        fields=fields_of_row(row),
                    )
                except Unusable as reason:
                    yield Entry(place, foreign_id, reason=str(reason))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(
            f"{file} cannot be read any further: {error}.", hint="helpdesk tickets import FILE"
        ) from None
