"""What the commands of tickets share."""

from contextlib import AbstractContextManager
from typing import Annotated

import typer

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.output import Format, show
from services.cli.people import names_of_users
from services.cli.screens.tickets import ticket_table
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

TicketArgument = Annotated[str, typer.Argument(metavar="TICKET", help="Its number or its id.")]


def open_gateway(
    tenant: str | None, role: Role | None, usually: Role = Role.AGENT
) -> AbstractContextManager[Gateway]:
    """As `usually` where a demo tenant has several logins and nobody said which."""
    return session(read_settings(MeshSettings), tenant, role, usually=usually)


def show_changed(gateway: Gateway, ticket: ticket_pb2.Ticket, output: Format) -> None:
    if output is Format.JSON:
        write_message(ticket)
    else:
        show(ticket_table([ticket], names_of_users(gateway)))
