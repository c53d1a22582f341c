"""What an article said before, and what changed."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.search.v1 import publication_pb2, search_pb2, version_pb2, version_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import time_text

_COLOURS = {"draft": "yellow", "published": "green", "archived": "dim"}
_SIGNS = {
    version_pb2.DIFF_LINE_KIND_UNCHANGED: (" ", ""),
    version_pb2.DIFF_LINE_KIND_REMOVED: ("-", "red"),
    version_pb2.DIFF_LINE_KIND_ADDED: ("+", "green"),
}


def version_table(versions: Sequence[search_pb2.DocumentVersion]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    has_dates = any(version.HasField("effective_dates") for version in versions)
    columns = ["Version", "State", "Put", "Published", *(["Holds"] if has_dates else []), "Title"]
    for column in columns:
        table.add_column(column, justify="right" if column == "Version" else "left")
    for version in versions:
        is_published = version.HasField("publish_time")
        table.add_row(
            str(version.version),
            state_text(version.state),
            time_text(version.create_time),
            time_text(version.publish_time) if is_published else "",
            *([Text(dates_text(version.effective_dates))] if has_dates else []),
            _title(version),
        )
    return table


def difference(compared: version_service_pb2.DiffDocumentVersionsResponse) -> RenderableType:
    """As `diff -u` writes it, so that other programs can read it, too."""
    lines = [
        Text(f"--- version {compared.old.version}", style="bold"),
        Text(f"+++ version {compared.new.version}", style="bold"),
    ]
    for hunk in compared.hunks:
        places = f"-{hunk.old_line},{hunk.old_count} +{hunk.new_line},{hunk.new_count}"
        lines.append(Text(f"@@ {places} @@", style="cyan"))
        for line in hunk.lines:
            sign, style = _SIGNS[line.kind]
            lines.append(Text(sign + without_controls(line.text), style=style))
    return Group(*lines)


def beside_the_content(compared: version_service_pb2.DiffDocumentVersionsResponse) -> list[str]:
    """What two versions say differently besides their content, in sentences."""
    old, new = compared.old, compared.new
    pairs = {
        "title": (old.title, new.title),
        "category": (old.category, new.category),
        "dates": (dates_text(old.effective_dates), dates_text(new.effective_dates)),
    }
    return [
        f"{name}: {without_controls(before) or 'none'} → {without_controls(after) or 'none'}"
        for name, (before, after) in pairs.items()
        if before != after
    ]


def state_text(state: publication_pb2.DocumentState.ValueType) -> Text:
    word = state_word(state)
    return Text(word, style=_COLOURS.get(word, ""))


def state_word(state: publication_pb2.DocumentState.ValueType) -> str:
    return publication_pb2.DocumentState.Name(state).removeprefix("DOCUMENT_STATE_").lower()


def dates_text(dates: publication_pb2.EffectiveDates) -> str:
    begin = f"from {time_text(dates.effective_from)}" if dates.HasField("effective_from") else ""
    end = f"until {time_text(dates.effective_until)}" if dates.HasField("effective_until") else ""
    return " ".join(part for part in (begin, end) if part)


def _title(version: search_pb2.DocumentVersion) -> Text:
    title = Text(without_controls(version.title))
    if version.restored_version:
        title.append(f"  (version {version.restored_version} again)", style="dim")
    return title
