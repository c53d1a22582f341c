"""`helpdesk tickets attach`, `attachments`, `download` and `detach`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from helpdesk.ticket.v1 import attachment_pb2, attachment_service_pb2
from services.cli import ticket_lookup
from services.cli.attachments.transfer import (
    fetch,
    fetch_to_file,
    find_attachment,
    list_attachments,
    safe_name,
    send_file,
)
from services.cli.commands.ticket_calls import TicketArgument, open_gateway
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show
from services.cli.people import names_of_users
from services.cli.screens.attachments import attachment_table, transferring

app = typer.Typer()

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The file's name or its id.")]


@app.command("attach")
def attach(
    ticket: TicketArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="One or more files.")],
    *,
    internal: Annotated[bool, typer.Option("--internal", help="Only agents see them.")] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Put files on a ticket. The same file again changes nothing."""
    with open_gateway(tenant, role) as gateway:
        made = send_files(gateway, ticket, files, internal=internal)
        show_attachments(gateway, made, output)


@app.command("attachments")
def attachments(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the files on a ticket."""
    with open_gateway(tenant, role) as gateway:
        show_attachments(gateway, list_attachments(gateway, ticket), output)


@app.command("download")
def download(
    ticket: TicketArgument,
    name: NameArgument,
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", "-o", metavar="FILE", help="A new file; - is the standard output."),
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Save a file of a ticket, under its own name in this folder unless another is given."""
    with open_gateway(tenant, role) as gateway:
        found = find_attachment(gateway, ticket, name)
        with transferring(found.file_name, found.size_bytes) as progress:
            if to == Path("-"):
                fetch(gateway, found, sys.stdout.buffer, progress)
                return
            target = to or Path(safe_name(found))
            fetch_to_file(gateway, found, target, progress)
    say(f"{target} is saved.")


@app.command("detach")
def detach(
    ticket: TicketArgument,
    name: NameArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Take a file away from a ticket, for good."""
    with open_gateway(tenant, role) as gateway:
        found = find_attachment(gateway, ticket, name)
        gateway.attachments.DeleteAttachment(
            attachment_service_pb2.DeleteAttachmentRequest(
                ticket_id=found.ticket_id, attachment_id=found.attachment_id
            )
        )
    say("The file is gone.")


def send_files(
    gateway: Gateway, ticket: str, files: Sequence[Path], *, internal: bool
) -> list[attachment_pb2.Attachment]:
    ticket_id = ticket_lookup.ticket_id(gateway, ticket)
    made = []
    for file in files:
        size = file.stat().st_size if file.is_file() else 0
        with transferring(file.name, size) as progress:
            made.append(send_file(gateway, ticket_id, file, internal=internal, progress=progress))
    return made


def show_attachments(
    gateway: Gateway, found: Sequence[attachment_pb2.Attachment], output: Format
) -> None:
    if output is Format.JSON:
        write_message(attachment_service_pb2.ListAttachmentsResponse(attachments=found))
    else:
        show(attachment_table(found, names_of_users(gateway)))
