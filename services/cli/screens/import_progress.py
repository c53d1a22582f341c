"""An import while it runs and when it is over."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.knowledge.importer import ImportReport
from services.cli.knowledge.importer import Progress as Tell
from services.cli.output import Format, say, talk_console, without_controls, write, write_json

_NAMED_IGNORED = 20


@contextmanager
def import_progress(total: int, doing: str = "importing") -> Iterator[Tell]:
    """A bar on stderr when somebody watches, and nothing in a pipe."""
    console = talk_console()
    bar = Progress(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[path]}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=total, path="")
        yield lambda path: bar.update(task, advance=1, path=_short(path))


def say_ignored(paths: Sequence[str]) -> None:
    if not paths:
        return
    named = ", ".join(without_controls(_printable(path)) for path in paths[:_NAMED_IGNORED])
    more = f" and {len(paths) - _NAMED_IGNORED} more" if len(paths) > _NAMED_IGNORED else ""
    say(f"ignored, of no format that can be imported: {named}{more}", style="dim")


def show_report(report: ImportReport, output: Format) -> None:
    failed = {_printable(path): reason for path, reason in sorted(report.failed.items())}
    for path in sorted(report.textless):
        say(f"no text to search in {without_controls(_printable(path))}", style="dim")
    for path, warnings in sorted(report.warnings.items()):
        shown = without_controls(f"{_printable(path)}: {'; '.join(warnings)}")
        say(f"imported, but {shown}", style="dim")
    for path, reason in failed.items():
        say(f"not imported: {without_controls(path)}: {reason}", style="yellow")
    if output is Format.JSON:
        write_json(
            {
                "added": sorted(report.added),
                "updated": sorted(report.updated),
                "unchanged": sorted(report.unchanged),
                "textless": sorted(report.textless),
                "warnings": [
                    {"path": _printable(path), "texts": texts}
                    for path, texts in sorted(report.warnings.items())
                ],
                "failed": [{"path": path, "reason": reason} for path, reason in failed.items()],
                "passages": report.passages,
            }
        )
        return
    parts = [
        f"{len(report.added)} added",
        f"{len(report.updated)} updated",
        f"{len(report.unchanged)} unchanged",
        *([f"{len(report.textless)} without text"] if report.textless else []),
        f"{len(failed)} failed",
    ]
    write(f"{', '.join(parts)}; {report.passages} passages\n")


def _printable(path: str) -> str:
    """File names on Linux are bytes, and need not be UTF-8."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _short(path: str) -> str:
    path = without_controls(_printable(path)).replace("[", "(")
    return path if len(path) <= 40 else f"…{path[-39:]}"  # noqa: PLR2004 - half of a terminal
