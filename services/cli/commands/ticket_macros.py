"""`helpdesk tickets apply`."""

from typing import Annotated

import typer

from helpdesk.ticket.v1 import macro_service_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import TicketArgument, open_gateway, show_changed
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, show
from services.cli.people import names_of_users
from services.cli.screens.tickets import comment_text, ticket_table
from services.mesh.ids import new_id

app = typer.Typer()


@app.command("apply")
def apply(
    ticket: TicketArgument,
    macro: Annotated[str, typer.Argument(metavar="MACRO", help="One of `helpdesk macros list`.")],
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what it would do, and do nothing.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Take all actions of a macro on a ticket, or none when one of them is refused."""
    with open_gateway(tenant, role) as gateway:
        found = ticket_lookup.find_ticket(gateway, ticket)
        names = names_of_users(gateway)
        requester = names.get(found.requester_id, "")
        if not preview:
            request = macro_service_pb2.ApplyMacroRequest(
                ticket_id=found.ticket_id,
                name=macro,
                etag=found.etag,
                requester_name=requester,
                request_id=new_id(),
            )
            show_changed(gateway, gateway.macros.ApplyMacro(request), output)
            return
        told = gateway.macros.PreviewMacro(
            macro_service_pb2.PreviewMacroRequest(
                ticket_id=found.ticket_id, name=macro, requester_name=requester
            )
        )
        if output is Format.JSON:
            write_message(told)
        else:
            show(
                ticket_table([told.ticket], names),
                *(comment_text(comment, names) for comment in told.comments),
            )
