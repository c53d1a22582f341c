"""`helpdesk tickets link`, `unlink`, `links`, `merge` and `split`."""

from enum import StrEnum
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from helpdesk.ticket.v1 import link_service_pb2, ticket_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import TicketArgument, open_gateway, show_changed
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show
from services.mesh.ids import new_id

app = typer.Typer()

OtherArgument = Annotated[str, typer.Argument(metavar="OTHER", help="Its number or its id.")]


class Kind(StrEnum):
    DUPLICATE_OF = "duplicate-of"
    BLOCKS = "blocks"
    CHILD_OF = "child-of"
    SPLIT_FROM = "split-from"

    @property
    def number(self) -> ticket_pb2.TicketLinkKind.ValueType:
        return ticket_pb2.TicketLinkKind.Value(f"TICKET_LINK_KIND_{self.name}")


KindArgument = Annotated[Kind, typer.Argument(help="What the ticket is to the other.")]


@app.command("link")
def link(
    ticket: TicketArgument,
    kind: KindArgument,
    other: OtherArgument,
    *,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Link a ticket to another."""
    with open_gateway(tenant, role) as gateway:
        made = gateway.links.LinkTickets(
            link_service_pb2.LinkTicketsRequest(
                ticket_id=ticket, kind=kind.number, other_ticket_id=other
            )
        )
    if output is Format.JSON:
        write_message(made)
    else:
        say(f"{ticket} {kind} {other}")


@app.command("unlink")
def unlink(
    ticket: TicketArgument,
    kind: KindArgument,
    other: OtherArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Take a link away."""
    with open_gateway(tenant, role) as gateway:
        gateway.links.UnlinkTickets(
            link_service_pb2.UnlinkTicketsRequest(
                ticket_id=ticket, kind=kind.number, other_ticket_id=other
            )
        )
    say("The link is gone.")


@app.command("links")
def list_links(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the links from and to a ticket."""
    with open_gateway(tenant, role) as gateway:
        found = gateway.links.ListTicketLinks(
            link_service_pb2.ListTicketLinksRequest(ticket_id=ticket)
        )
        if output is Format.JSON:
            write_message(found)
            return
        table = Table("Ticket", "is", "Other", box=box.SIMPLE_HEAD, pad_edge=False)
        for one in found.links:
            ends = (one.ticket_id, one.other_ticket_id)
            first, second = (ticket_lookup.find_ticket(gateway, end).number for end in ends)
            word = ticket_pb2.TicketLinkKind.Name(one.kind).removeprefix("TICKET_LINK_KIND_")
            table.add_row(f"#{first}", word.lower().replace("_", " "), f"#{second}")
        show(table)


@app.command("merge")
def merge(
    ticket: TicketArgument,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The ticket that stays.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Merge a ticket into another, which shows the comments and the log of both."""
    with open_gateway(tenant, role) as gateway:
        request = link_service_pb2.MergeTicketsRequest(ticket_id=ticket, target_ticket_id=into)
        show_changed(gateway, gateway.links.MergeTickets(request), output)


@app.command("split")
def split(
    ticket: TicketArgument,
    comment: Annotated[str, typer.Argument(metavar="COMMENT", help="The comment's id.")],
    *,
    subject: Annotated[str, typer.Option(help="The comment's first line, if left out.")] = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a comment a ticket of its own, with a link back."""
    with open_gateway(tenant, role) as gateway:
        request = link_service_pb2.SplitTicketRequest(
            ticket_id=ticket, comment_id=comment, subject=subject, request_id=new_id()
        )
        show_changed(gateway, gateway.links.SplitTicket(request), output)
