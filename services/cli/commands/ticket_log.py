"""`helpdesk tickets log`."""

import typer

from helpdesk.ticket.v1 import ticket_service_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import TicketArgument, open_gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, show
from services.cli.people import names_of_users
from services.cli.screens.watching import event_text

app = typer.Typer()


@app.command("log")
def show_log(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show all that happened to a ticket, oldest first: when, what, by whom, and why."""
    with open_gateway(tenant, role) as gateway:
        found = ticket_lookup.find_ticket(gateway, ticket)
        events = [*ticket_lookup.list_events(gateway, found.ticket_id)]
        if output is Format.JSON:
            write_message(ticket_service_pb2.ListTicketEventsResponse(events=events))
            return
        names = names_of_users(gateway)
        for event in events:
            # Of one that was merged into it there is only the id.
            is_own = event.ticket_id == found.ticket_id
            number = f"#{found.number}" if is_own else f"…{event.ticket_id[-8:]}"
            show(event_text(event, number, names), soft_wrap=True)
