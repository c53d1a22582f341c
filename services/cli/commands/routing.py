"""`helpdesk routing …`."""

from pathlib import Path
from typing import Annotated

import typer

from helpdesk.ticket.v1 import routing_service_pb2
from services.cli.commands.ticket_calls import TicketArgument, open_gateway
from services.cli.failures import CommandError
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, write
from services.cli.people import list_users, names_of_users
from services.cli.routing_file import read_routing_policy, routing_text
from services.cli.screens.routing import routing_page
from services.cli.session import Role
from services.cli.ticket_lookup import ticket_id

app = typer.Typer(no_args_is_help=True)


@app.command("show")
def show_policy(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show who gets which ticket, as a file that `routing set` takes."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        policy = gateway.routing.GetRoutingPolicy(routing_service_pb2.GetRoutingPolicyRequest())
        if output is Format.JSON:
            write_message(policy)
        else:
            write(routing_text(policy, list_users(gateway)))


@app.command("set")
def set_policy(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="YAML, as `routing show` writes it.")
    ],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Say who gets which ticket, in place of what was said before."""
    if not file.is_file():
        raise CommandError(
            f"{file} is not a file.", hint="helpdesk routing set FILE", code="FILE_NOT_FOUND"
        )
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        policy = read_routing_policy(file, list_users(gateway))
        kept = gateway.routing.SetRoutingPolicy(
            routing_service_pb2.SetRoutingPolicyRequest(policy=policy)
        )
    if output is Format.JSON:
        write_message(kept)
        return
    queues = {queue for agent in kept.agents for queue in agent.queues}
    say(f"tickets of {len(queues)} queues go to {len(kept.agents)} agents")


@app.command("explain")
def explain(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show every step that routing took with a ticket, and why."""
    with open_gateway(tenant, role) as gateway:
        request = routing_service_pb2.ExplainRoutingRequest(ticket_id=ticket_id(gateway, ticket))
        explained = gateway.routing.ExplainRouting(request)
        if output is Format.JSON:
            write_message(explained)
        else:
            show(routing_page(explained, names_of_users(gateway)))
