"""`helpdesk tickets export` and `import`."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands.ticket_calls import open_gateway
from services.cli.failures import CommandError
from services.cli.moving.exporter import FileFormat, export_tickets
from services.cli.moving.folder import FileFolder, folder_beside
from services.cli.moving.importer import Importer, Report
from services.cli.moving.newcomers import Newcomers
from services.cli.moving.sources import OWN, Entry, own_entries
from services.cli.moving.zammad import zammad_entries
from services.cli.moving.zendesk import zendesk_entries
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, write, write_json
from services.cli.screens.moving import counting, show_import
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer()


class Source(StrEnum):
    HELPDESK = OWN
    ZENDESK = "zendesk"
    ZAMMAD = "zammad"


_ENTRIES: Mapping[Source, Callable[[Path], Iterator[Entry]]] = {
    Source.HELPDESK: own_entries,
    Source.ZENDESK: zendesk_entries,
    Source.ZAMMAD: zammad_entries,
}


@app.command("export")
def export_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    *,
    wanted: Annotated[
        str, typer.Option("--filter", help="Which ones, as in `tickets list`; all if left out.")
    ] = "",
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="csv has the flat fields only.")
    ] = FileFormat.JSONL,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on behind the last ticket in the file.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Write tickets to a file, each with its comments and its log on a line of its own.

    The files on them are in FILE.files, each under the SHA-256 of its bytes; csv names them only.
    With --resume give the same --filter again.
    """
    if resume and file_format is FileFormat.CSV:
        raise CommandError(
            "Only an export as JSON lines can be resumed.", hint="helpdesk tickets export NEW_FILE"
        )
    with open_gateway(tenant, role) as gateway, counting("exporting") as progress:
        written = export_tickets(
            gateway,
            file,
            wanted=wanted,
            file_format=file_format,
            resume=resume,
            progress=progress,
        )
    if output is Format.JSON:
        write_json({"file": str(file), "written": written.tickets, "files": written.files})
        return
    names = f", {_counted(written.files, 'file')} to {written.folder}" if written.files else ""
    write(f"{_counted(written.tickets, 'ticket')} written to {file}{names}\n")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export, as JSON or CSV.")],
    *,
    source: Annotated[Source, typer.Option("--from", help="Whose export it is.")] = Source.HELPDESK,
    create_customers: Annotated[
        bool, typer.Option("--create-customers", help="Of everybody who is unknown here.")
    ] = False,
    report_file: Annotated[
        Path | None,
        typer.Option("--report", help="What was left out; FILE.report.jsonl if left out."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--files", help="Where its files are; FILE.files if left out.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Bring tickets in, with the times, numbers and authors that they had.

    Run it again at any time: what is imported already is skipped, so that an import that was
    interrupted goes on where it stopped, and what was left out can be mended and brought in.

    People are known by their e-mail address. A ticket that is left out is named in the report with
    the reason.
    """
    if not file.is_file():
        raise CommandError(f"{file} is no file.", hint="helpdesk tickets import FILE")
    report_file = report_file or file.with_name(f"{file.name}.report.jsonl")
    settings = read_settings(MeshSettings)
    with (
        session(settings, tenant, role, usually=Role.ADMIN) as gateway,
        Report(report_file) as report,
    ):
        newcomers = Newcomers(gateway, makes_customers=create_customers)
        files = FileFolder(folder or folder_beside(file))
        importer = Importer(gateway, source, newcomers, report, files)
        try:
            with counting("importing") as progress:
                importer.run(_ENTRIES[source](file), progress)
        finally:
            show_import(importer.counts, newcomers.made, report_file, output)
    if importer.counts.left_out or importer.counts.files.left_out:
        raise typer.Exit(1)
