"""Tickets on their way into a file or out of one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.output import talk_console, without_controls


@contextmanager
def counting(doing: str) -> Iterator[Callable[[str], None]]:
    """How many are done, on stderr, when somebody watches; nobody knows how many will come."""
    console = talk_console()
    bar = Progress(
        SpinnerColumn(),
        TextColumn(doing),
        TextColumn("{task.completed:.0f}"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[name]}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None, name="")
        yield lambda name: bar.update(
            task, advance=1, name=without_controls(name).replace("[", "(")[:40]
        )
