"""`helpdesk tickets …`."""

from contextlib import AbstractContextManager
from typing import Annotated

import typer

from helpdesk.ticket.v1 import suggestion_service_pb2, ticket_pb2, ticket_service_pb2
from services.cli import ticket_lookup
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import LimitOption, OutputOption, RoleOption, TenantOption
from services.cli.output import Format, show
from services.cli.people import names_of_users, user_id_of
from services.cli.screens.suggestions import article_list, similar_list
from services.cli.screens.tickets import comment_text, ticket_page, ticket_table
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)

TicketArgument = Annotated[str, typer.Argument(metavar="TICKET", help="Its number or its id.")]


@app.callback()
def tickets(
    context: typer.Context,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Open, find and move tickets. Without a verb: list them."""
    verb = context.invoked_subcommand
    if verb is None:
        list_tickets(tenant=tenant, role=role, output=output)
    elif tenant or role or output is not Format.TEXT:
        raise CommandError(
            "The options belong behind the verb.", hint=f"helpdesk tickets {verb} --tenant TENANT"
        )


@app.command("list")
def list_tickets(
    *,
    status: Annotated[str, typer.Option(help="new, open, pending, resolved or closed.")] = "",
    priority: Annotated[str, typer.Option(help="low, normal, high or urgent.")] = "",
    wanted: Annotated[
        str, typer.Option("--filter", help="As in the API: `status = OPEN AND tags = vpn`.")
    ] = "",
    order_by: Annotated[str, typer.Option(help="As in the API: `priority desc`.")] = "",
    limit: LimitOption = 50,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List tickets, newest first."""
    parts = [wanted] if wanted else []
    parts += [f"status = {status.upper()}"] if status else []
    parts += [f"priority = {priority.upper()}"] if priority else []
    with _gateway(tenant, role) as gateway:
        found = ticket_lookup.list_tickets(gateway, " AND ".join(parts), order_by, limit)
        if output is Format.JSON:
            write_message(ticket_service_pb2.ListTicketsResponse(tickets=found))
        else:
            show(ticket_table(found, names_of_users(gateway)))


@app.command("show")
def show_ticket(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show a ticket with its comments."""
    with _gateway(tenant, role) as gateway:
        found = ticket_lookup.find_ticket(gateway, ticket)
        if output is Format.JSON:
            write_message(found)
        else:
            comments = ticket_lookup.list_comments(gateway, found.ticket_id)
            show(ticket_page(found, comments, names_of_users(gateway)))


@app.command("suggest")
def suggest_articles(
    ticket: TicketArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, max=20, help="At most so many.")] = 5,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Suggest articles that may help with a ticket."""
    with _gateway(tenant, role) as gateway:
        found = gateway.suggestions.SuggestArticles(
            suggestion_service_pb2.SuggestArticlesRequest(
                ticket_id=ticket_lookup.ticket_id(gateway, ticket), page_size=limit
            )
        )
        if output is Format.JSON:
            write_message(found)
        else:
            show(article_list(found))


@app.command("similar")
def list_similar_tickets(
    ticket: TicketArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, max=20, help="At most so many.")] = 5,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the tickets most like a ticket, and how they were solved."""
    with _gateway(tenant, role) as gateway:
        found = gateway.suggestions.ListSimilarTickets(
            suggestion_service_pb2.ListSimilarTicketsRequest(ticket_id=ticket, page_size=limit)
        )
        if output is Format.JSON:
            write_message(found)
        else:
            show(similar_list(found))


@app.command("create")
def create_ticket(
    *,
    subject: Annotated[str, typer.Option(help="What it is about, in one line.")],
    body: Annotated[str, typer.Option(help="The request in full.")] = "",
    priority: Annotated[ticket_lookup.Priority, typer.Option()] = ticket_lookup.Priority.NORMAL,
    tag: Annotated[list[str] | None, typer.Option(help="A word to find it by; repeat it.")] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Open a ticket in your own name."""
    request = ticket_service_pb2.CreateTicketRequest(
        ticket=ticket_pb2.Ticket(
            subject=subject, body=body, priority=priority.number, tags=tag or []
        ),
        request_id=new_id(),
    )
    with _gateway(tenant, role) as gateway:
        _show_changed(gateway, gateway.tickets.CreateTicket(request), output)


@app.command("comment")
def comment(
    ticket: TicketArgument,
    text: Annotated[str, typer.Argument(help="The comment.")] = "",
    *,
    body: Annotated[str, typer.Option(help="The comment, instead of the argument.")] = "",
    internal: Annotated[bool, typer.Option("--internal", help="Only agents see it.")] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Write a comment on a ticket."""
    if not (body or text):
        raise CommandError("The comment is empty.", hint=f'helpdesk tickets comment {ticket} "…"')
    with _gateway(tenant, role) as gateway:
        written = gateway.tickets.CreateComment(
            ticket_service_pb2.CreateCommentRequest(
                ticket_id=ticket_lookup.ticket_id(gateway, ticket),
                comment=ticket_pb2.Comment(body=body or text, internal=internal),
                request_id=new_id(),
            )
        )
        if output is Format.JSON:
            write_message(written)
        else:
            show(comment_text(written, names_of_users(gateway)))


@app.command("assign")
def assign(
    ticket: TicketArgument,
    to: Annotated[str, typer.Option(help="An e-mail address, `me`, or `nobody`.")] = "me",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Give a ticket to an agent."""
    with _gateway(tenant, role) as gateway:
        request = ticket_service_pb2.AssignTicketRequest(
            ticket_id=ticket_lookup.ticket_id(gateway, ticket),
            assignee_id=user_id_of(gateway, to),
        )
        _show_changed(gateway, gateway.tickets.AssignTicket(request), output)


@app.command("resolve")
def resolve(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Mark a ticket as solved."""
    with _gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.ResolveTicketRequest(ticket_id=ticket_id)
        _show_changed(gateway, gateway.tickets.ResolveTicket(request), output)


@app.command("reopen")
def reopen(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Take a pending or resolved ticket up again."""
    with _gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.ReopenTicketRequest(ticket_id=ticket_id)
        _show_changed(gateway, gateway.tickets.ReopenTicket(request), output)


@app.command("pend")
def pend(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Put a ticket on hold until the customer answers."""
    with _gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.PendTicketRequest(ticket_id=ticket_id)
        _show_changed(gateway, gateway.tickets.PendTicket(request), output)


@app.command("close")
def close(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """End a resolved ticket for good."""
    with _gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        request = ticket_service_pb2.CloseTicketRequest(ticket_id=ticket_id)
        _show_changed(gateway, gateway.tickets.CloseTicket(request), output)


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.AGENT)


def _show_changed(gateway: Gateway, ticket: ticket_pb2.Ticket, output: Format) -> None:
    if output is Format.JSON:
        write_message(ticket)
    else:
        show(ticket_table([ticket], names_of_users(gateway)))
