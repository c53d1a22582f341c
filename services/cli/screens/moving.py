"""Tickets on their way into a file or out of one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.moving.importer import ImportCounts
from services.cli.output import Format, say, talk_console, without_controls, write, write_json

_NAMED_PEOPLE = 20


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


def show_import(counts: ImportCounts, made: Sequence[str], report: Path, output: Format) -> None:
    unknown = counts.unknown_people.most_common()
    if output is Format.JSON:
        write_json(
            {
                "imported": counts.imported,
                "there_before": counts.there_before,
                "left_out": counts.left_out,
                "files_imported": counts.files.imported,
                "files_there_before": counts.files.there_before,
                "files_left_out": counts.files.left_out,
                "not_taken_over": counts.notes,
                "unknown_people": dict(unknown),
                "made_customers": list(made),
                "report": str(report),
            }
        )
        return
    for person, tickets in unknown[:_NAMED_PEOPLE]:
        say(f"unknown here: {without_controls(person)}, in {tickets} tickets", style="yellow")
    if len(unknown) > _NAMED_PEOPLE:
        say(f"unknown here: {len(unknown) - _NAMED_PEOPLE} more", style="yellow")
    if counts.left_out and unknown:
        say("hint: add --create-customers, or `helpdesk users create`, and run it again")
    if counts.left_out or counts.notes or counts.files.left_out:
        say(f"what was left out and why is in {report}")
    parts = [
        f"{counts.imported} imported",
        f"{counts.there_before} there before",
        f"{counts.left_out} left out",
        *([f"{len(made)} customers made"] if made else []),
    ]
    files = counts.files
    if files.imported or files.there_before or files.left_out:
        parts[-1] += (
            f"; files: {files.imported} imported"
            f", {files.there_before} there before, {files.left_out} left out"
        )
    write(f"{', '.join(parts)}\n")
