"""`helpdesk tickets export` and `import`."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands.ticket_calls import open_gateway
from services.cli.failures import CommandError
from services.cli.moving.exporter import FileFormat, export_tickets
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, write, write_json
from services.cli.screens.moving import counting

app = typer.Typer()


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
        write_json({"file": str(file), "written": written})
    else:
        write(f"{written} {'ticket' if written == 1 else 'tickets'} written to {file}\n")
