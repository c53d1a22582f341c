"""Reports as charts: each bar has its number beside it, and colour says nothing of its own."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from helpdesk.ticket.v1 import report_service_pb2
from services.cli.output import without_controls

# Longer bars tell nothing that shorter ones do not.
LONGEST_LINE = 120
SHORTEST_BAR = 3
_EIGHTHS = " ▏▎▍▌▋▊▉"
_DAY_WIDTH = len("2027-12-01")
_GAP = 2
_NOTHING = "There is nothing to count in this period."
_COUNTS = ("created", "resolved", "reopened", "backlog")
_LONGEST_NAME = max(map(len, _COUNTS))
_SHADES = ((50, "█"), (75, "▓"), (90, "▒"), (95, "░"))
_IN_OPEN_HOURS = "  in open hours"
Row = report_service_pb2.VolumeRow | report_service_pb2.TimeRow | report_service_pb2.SlaRow
_PROMISES = ("first_response", "next_response", "resolution")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def bar(value: int, most: int, width: int) -> str:
    """Of `width` eighths of eight; what is there at all is never nothing."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(1, value * width * 8 // most)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def duration(seconds: int) -> str:
    """In its two largest units, the second cut off."""
    for i, (length, unit) in enumerate(_UNITS):
        if seconds >= length:
            rest = _UNITS[i + 1] if i + 1 < len(_UNITS) else None
            more = seconds % length // rest[0] if rest else 0
            return f"{seconds // length} {unit}" + (f" {more} {rest[1]}" if rest and more else "")
    return "0 s"


def volume_charts(
    rows: Sequence[report_service_pb2.VolumeRow], width: int
) -> Iterator[RenderableType]:
    if not rows:
        yield Text(_NOTHING)
        return
    # One scale for all, so that groups can be held against each other.
    most = max(getattr(row, name) for row in rows for name in _COUNTS)
    digits = len(f"{most:,}")
    cell = max(
        (width - _DAY_WIDTH) // len(_COUNTS) - _GAP, SHORTEST_BAR + 1 + digits, _LONGEST_NAME
    )
    bar_width = cell - digits - 1
    gap = " " * _GAP
    for group, own in groupby(rows, key=lambda row: row.group):
        yield from _heading(group, rows)
        names = gap.join(f"{name:<{cell}}" for name in _COUNTS)
        yield Text(f"{'from':<{_DAY_WIDTH}}{gap}{names}".rstrip(), style="bold")
        for row in own:
            cells = [
                f"{value:>{digits},} {bar(value, most, bar_width):<{bar_width}}"
                for value in (getattr(row, name) for name in _COUNTS)
            ]
            yield Text(f"{row.from_day}{gap}{gap.join(cells)}".rstrip())
        yield Text()


def time_charts(rows: Sequence[report_service_pb2.TimeRow], width: int) -> Iterator[RenderableType]:
    if not rows:
        yield Text(_NOTHING)
        return
    yield Text(" ".join(f"{shade} {percent} of 100 tickets" for percent, shade in _SHADES))
    yield Text()
    for group, own in groupby(rows, key=lambda row: row.group):
        yield from _heading(group, rows)
        for row in own:
            yield Text(f"{row.from_day} until {row.until_day}", style="bold")
            yield from _measures(row, width)
        yield Text()


def sla_charts(rows: Sequence[report_service_pb2.SlaRow], width: int) -> Iterator[RenderableType]:
    if not rows:
        yield Text(_NOTHING)
        return
    yield Text("█ kept ░ missed")
    yield Text()
    names = {name: name.replace("_", " ") for name in _PROMISES}
    longest = max(map(len, names.values()))
    for group, own in groupby(rows, key=lambda row: row.group):
        yield from _heading(group, rows)
        for row in own:
            yield Text(f"{row.from_day} until {row.until_day}", style="bold")
            for name, words in names.items():
                found: report_service_pb2.SlaAttainment = getattr(row, name)
                label = f"{words:<{longest}}{'':<{_GAP}}"
                if not found.promised:
                    yield Text(f"{label}nothing promised")
                    continue
                said = f"{found.kept:,} of {found.promised:,} kept"
                yield Text(f"{label}{found.percent:6.2f} %  {said}, {found.missed:,} missed")
                yield Text(f"{'':<{len(label)}}{_kept_bar(found, width - len(label))}")
        yield Text()


def _kept_bar(found: report_service_pb2.SlaAttainment, width: int) -> str:
    """What there is at all of either has its part of the bar."""
    kept = found.kept * width // found.promised
    kept = min(max(kept, bool(found.kept)), width - bool(found.missed))
    return "█" * kept + "░" * (width - kept)


def _measures(row: report_service_pb2.TimeRow, width: int) -> Iterator[RenderableType]:
    # The open hours are a part of all hours, and drawn as one.
    longest = row.first_response.p95_seconds
    yield from _figures("first response", row.first_response, longest, width)
    if row.first_response_open.tickets:
        yield from _figures(_IN_OPEN_HOURS, row.first_response_open, longest, width)
    longest = row.resolution.p95_seconds
    yield from _figures("resolution", row.resolution, longest, width)
    if row.resolution_open.tickets:
        yield from _figures(_IN_OPEN_HOURS, row.resolution_open, longest, width)


def _figures(
    name: str, figures: report_service_pb2.TimeFigures, longest: int, width: int
) -> Iterator[RenderableType]:
    label = f"{name:<{len(_IN_OPEN_HOURS)}}"
    if not figures.tickets:
        yield Text(f"{label}  no ticket")
        return
    times = [getattr(figures, f"p{percent}_seconds") for percent, _ in _SHADES]
    said = ", ".join(
        f"p{percent} {duration(seconds)}"
        for (percent, _), seconds in zip(_SHADES, times, strict=True)
    )
    yield Text(f"{label}  {figures.tickets:,} tickets: {said}")
    yield Text(f"{'':<{len(label)}}  {_shaded(times, longest, width - len(label) - _GAP)}")


def _shaded(times: Sequence[int], longest: int, width: int) -> str:
    drawn = ""
    for seconds, (_, shade) in zip(times, _SHADES, strict=True):
        end = max(1, seconds * width // longest) if longest else 1
        drawn += shade * (end - len(drawn))
    return drawn


def _heading(group: str, rows: Sequence[Row]) -> Iterator[RenderableType]:
    if any(row.group for row in rows):
        yield Text(without_controls(group) or "nobody", style="bold cyan")
