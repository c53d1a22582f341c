"""`helpdesk mail templates …`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import mail_template_service_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import open_gateway
from services.cli.gateway import Gateway
from services.cli.mail_template_file import read_template, text_of
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls, write
from services.cli.screens.tickets import time_text
from services.cli.session import Role

app = typer.Typer(no_args_is_help=True)


class Kind(StrEnum):
    REPLY = "reply"
    ACKNOWLEDGEMENT = "acknowledgement"


KindArgument = Annotated[
    Kind, typer.Argument(metavar="KIND", help="What for: reply or acknowledgement.")
]


@app.command("list")
def list_templates(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List what mails say."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = mail_template_service_pb2.ListMailTemplatesRequest()
        found = gateway.mail_templates.ListMailTemplates(request)
    if output is Format.JSON:
        write_message(found)
        return
    table = Table("Kind", "Subject", "Set", box=box.SIMPLE_HEAD, pad_edge=False)
    for each in found.mail_templates:
        kind = mail_template_service_pb2.MailKind.Name(each.kind).rpartition("_")[2].lower()
        is_set = each.HasField("update_time")
        time = time_text(each.update_time) if is_set else "never, it is built in"
        table.add_row(kind, Text(without_controls(each.subject)), time)
    show(table)


@app.command("show")
def show_template(
    kind: KindArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show a template, as a file that `mail templates set` takes."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        template = _kept(gateway, kind)
    if output is Format.JSON:
        write_message(template)
    else:
        write(without_controls(text_of(template)))


@app.command("set")
def set_template(
    kind: KindArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A subject, an empty line, and a text.")
    ],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Say what mails of a kind say from now on."""
    template = read_template(_number(kind), file)
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = mail_template_service_pb2.SetMailTemplateRequest(mail_template=template)
        kept = gateway.mail_templates.SetMailTemplate(request)
    if output is Format.JSON:
        write_message(kept)
    else:
        say(f"The template of each {kind} is kept.")


@app.command("preview")
def preview_template(
    kind: KindArgument,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A file to try; else what is kept.")
    ] = None,
    *,
    ticket: Annotated[
        str | None, typer.Option(help="A ticket's number or id; else one is made up.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Print what a mail would say; nothing is kept or sent."""
    tried = read_template(_number(kind), file) if file is not None else None
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        found = ticket_lookup.find_ticket(gateway, ticket).ticket_id if ticket else ""
        request = mail_template_service_pb2.PreviewMailTemplateRequest(
            mail_template=tried or _kept(gateway, kind), ticket_id=found
        )
        said = gateway.mail_templates.PreviewMailTemplate(request)
    if output is Format.JSON:
        write_message(said)
    else:
        write(without_controls(f"Subject: {said.subject}\n\n{said.body}\n"))


@app.command("reset")
def reset_template(
    kind: KindArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Go back to the template that is built in."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = mail_template_service_pb2.ResetMailTemplateRequest(kind=_number(kind))
        gateway.mail_templates.ResetMailTemplate(request)
    say(f"The template of each {kind} is the built-in one now.")


def _kept(gateway: Gateway, kind: Kind) -> mail_template_service_pb2.MailTemplate:
    request = mail_template_service_pb2.ListMailTemplatesRequest()
    found = gateway.mail_templates.ListMailTemplates(request).mail_templates
    return next(each for each in found if each.kind == _number(kind))


def _number(kind: Kind) -> mail_template_service_pb2.MailKind.ValueType:
    return mail_template_service_pb2.MailKind.Value(f"MAIL_KIND_{kind.upper()}")
