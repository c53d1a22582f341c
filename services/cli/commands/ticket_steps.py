"""`helpdesk tickets assign`, `follow`, `resolve` and the like."""

from typing import Annotated

import typer

from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import TicketArgument, open_gateway, show_changed
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format
from services.cli.own_fields import values_of
from services.cli.people import user_id_of

app = typer.Typer()


@app.command("assign")
def assign(
    ticket: TicketArgument,
    to: Annotated[str, typer.Option(help="An e-mail address, `me`, or `nobody`.")] = "me",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Give a ticket to an agent."""
    with open_gateway(tenant, role) as gateway:
        request = ticket_service_pb2.AssignTicketRequest(
            ticket_id=ticket_lookup.ticket_id(gateway, ticket),
            assignee_id=user_id_of(gateway, to),
        )
        show_changed(gateway, gateway.tickets.AssignTicket(request), output)


@app.command("resolve")
def resolve(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Mark a ticket as solved."""
    with open_gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.ResolveTicketRequest(ticket_id=ticket_id)
        show_changed(gateway, gateway.tickets.ResolveTicket(request), output)


@app.command("reopen")
def reopen(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Take a pending or resolved ticket up again."""
    with open_gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.ReopenTicketRequest(ticket_id=ticket_id)
        show_changed(gateway, gateway.tickets.ReopenTicket(request), output)


@app.command("pend")
def pend(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Put a ticket on hold until the customer answers."""
    with open_gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.PendTicketRequest(ticket_id=ticket_id)
        show_changed(gateway, gateway.tickets.PendTicket(request), output)


@app.command("close")
def close(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """End a resolved ticket for good."""
    with open_gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.CloseTicketRequest(ticket_id=ticket_id)
        show_changed(gateway, gateway.tickets.CloseTicket(request), output)


@app.command("follow")
def follow(
    ticket: TicketArgument,
    user: Annotated[str, typer.Option(help="An e-mail address, or `me`.")] = "me",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Let somebody follow a ticket."""
    with open_gateway(tenant, role) as gateway:
        request = ticket_service_pb2.FollowTicketRequest(
            ticket_id=ticket_lookup.ticket_id(gateway, ticket), user_id=user_id_of(gateway, user)
        )
        show_changed(gateway, gateway.tickets.FollowTicket(request), output)


@app.command("unfollow")
def unfollow(
    ticket: TicketArgument,
    user: Annotated[str, typer.Option(help="An e-mail address, or `me`.")] = "me",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """End that somebody follows a ticket."""
    with open_gateway(tenant, role) as gateway:
        request = ticket_service_pb2.UnfollowTicketRequest(
            ticket_id=ticket_lookup.ticket_id(gateway, ticket), user_id=user_id_of(gateway, user)
        )
        show_changed(gateway, gateway.tickets.UnfollowTicket(request), output)


@app.command("queue")
def queue(
    ticket: TicketArgument,
    to: Annotated[str, typer.Argument(metavar="QUEUE", help="The queue that it is to wait in.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Put a ticket into a queue."""
    with open_gateway(tenant, role) as gateway:
        content = ticket_pb2.Ticket(ticket_id=ticket_lookup.ticket_id(gateway, ticket), queue=to)
        request = ticket_service_pb2.UpdateTicketRequest(ticket=content)
        show_changed(gateway, gateway.tickets.UpdateTicket(request), output)


@app.command("set")
def set_fields(
    ticket: TicketArgument,
    fields: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help="As `product=X`; `product=` clears.")
    ],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Set fields of your own on a ticket, as `helpdesk fields list` names them."""
    with open_gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        content = ticket_pb2.Ticket(ticket_id=ticket_id, fields=values_of(gateway, fields))
        request = ticket_service_pb2.UpdateTicketRequest(ticket=content)
        show_changed(gateway, gateway.tickets.UpdateTicket(request), output)


@app.command("rate")
def rate(
    ticket: TicketArgument,
    rating: Annotated[int, typer.Argument(min=1, max=5, help="From 1 to 5.")],
    *,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Say how content you were with what was done for a ticket of your own."""
    with open_gateway(tenant, role) as gateway:
        request = ticket_service_pb2.RateTicketRequest(
            ticket_id=ticket_lookup.ticket_id(gateway, ticket), rating=rating, comment=comment
        )
        show_changed(gateway, gateway.tickets.RateTicket(request), output)
