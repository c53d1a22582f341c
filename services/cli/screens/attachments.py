"""Files of tickets as a table, and on their way."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import attachment_pb2
from services.cli.output import talk_console, without_controls
from services.cli.screens.tickets import Names, time_text

_KILO = 1000


def attachment_table(attachments: Sequence[attachment_pb2.Attachment], names: Names) -> Table:
    table = Table("File", "Size", "Type", "From", "When", "", "Id", box=box.SIMPLE_HEAD)
    table.pad_edge = False
    for one in attachments:
        table.add_row(
            Text(without_controls(one.file_name)),
            size_text(one.size_bytes),
            Text(without_controls(one.media_type)),
            Text(without_controls(names.get(one.author_id, f"…{one.author_id[-8:]}"))),
            time_text(one.create_time),
            Text("internal" if one.internal else "", style="yellow"),
            Text(one.attachment_id, style="dim"),
        )
    return table


def size_text(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KILO
    return f"{size:.1f} GB"


@contextmanager
def transferring(name: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr when somebody watches, and nothing in a pipe."""
    console = talk_console()
    bar = Progress(
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        shown = without_controls(name).replace("[", "(")[:40]
        task = bar.add_task("", total=size_bytes, name=shown)
        yield lambda count: bar.update(task, advance=count)
