"""An export when it is over."""

from collections.abc import Sequence
from pathlib import Path

from services.cli.knowledge.exporter import ExportReport
from services.cli.output import Format, say, without_controls, write, write_json


def show_export(
    report: ExportReport, folder: Path, closed_categories: Sequence[str], output: Format
) -> None:
    for source_uri in report.behind_drafts:
        say(
            f"the draft was written, not what is published: {without_controls(source_uri)}",
            style="yellow",
        )
    for category in closed_categories:
        say(
            f"who may read the category {without_controls(category)} is not in the export",
            style="yellow",
        )
    if closed_categories:
        say("hint: helpdesk kb access set CATEGORY --reader ROLE, before an import elsewhere")
    if output is Format.JSON:
        write_json({"folder": str(folder), "written": report.written})
        return
    articles = "1 article" if len(report.written) == 1 else f"{len(report.written)} articles"
    write(f"{articles} written to {folder}\n")
