"""`helpdesk replies …`."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import canned_reply_service_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import TicketArgument, open_gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls
from services.cli.people import names_of_users
from services.cli.session import Role
from services.mesh.ids import new_id

app = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="REPLY", help="The reply's name.")]


@app.command("list")
def list_replies(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the replies that are written again and again."""
    with open_gateway(tenant, role) as gateway:
        request = canned_reply_service_pb2.ListCannedRepliesRequest()
        found = gateway.canned_replies.ListCannedReplies(request)
    if output is Format.JSON:
        write_message(found)
        return
    table = Table("Reply", "Text", box=box.SIMPLE_HEAD, pad_edge=False)
    for reply in found.canned_replies:
        table.add_row(Text(reply.name), Text(without_controls(reply.body)))
    show(table)


@app.command("create")
def create_reply(
    name: NameArgument,
    body: Annotated[
        str, typer.Argument(help="The text, with variables as {{ticket.number}}.", metavar="TEXT")
    ],
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Keep a reply."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        reply = canned_reply_service_pb2.CannedReply(name=name, body=body)
        gateway.canned_replies.CreateCannedReply(
            canned_reply_service_pb2.CreateCannedReplyRequest(
                canned_reply=reply, request_id=new_id()
            )
        )
    say(f"The reply {name} is kept.")


@app.command("delete")
def delete_reply(
    name: NameArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Delete a reply."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = canned_reply_service_pb2.DeleteCannedReplyRequest(name=name)
        gateway.canned_replies.DeleteCannedReply(request)
    say("The reply is gone.")


@app.command("render")
def render_reply(
    name: NameArgument,
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Fill a reply in for a ticket, and print it; nothing is sent."""
    with open_gateway(tenant, role) as gateway:
        found = ticket_lookup.find_ticket(gateway, ticket)
        requester = names_of_users(gateway).get(found.requester_id, "")
        filled = gateway.canned_replies.RenderCannedReply(
            canned_reply_service_pb2.RenderCannedReplyRequest(
                ticket_id=found.ticket_id, name=name, requester_name=requester
            )
        )
    if output is Format.JSON:
        write_message(filled)
    else:
        say(without_controls(filled.text))
