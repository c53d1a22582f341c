"""`helpdesk tickets …`."""

from pathlib import Path
from typing import Annotated

import typer

from helpdesk.ticket.v1 import suggestion_service_pb2, ticket_pb2, ticket_service_pb2
from services.cli import ticket_lookup
from services.cli.commands import (
    ticket_bulk,
    ticket_files,
    ticket_links,
    ticket_log,
    ticket_macros,
    ticket_moving,
    ticket_steps,
    ticket_views,
    ticket_watching,
)
from services.cli.commands.ticket_calls import TicketArgument, open_gateway, show_changed
from services.cli.failures import CommandError
from services.cli.messages import write_message
from services.cli.options import LimitOption, OutputOption, RoleOption, TenantOption
from services.cli.output import Format, show
from services.cli.own_fields import values_of
from services.cli.people import names_of_users
from services.cli.screens.suggestions import article_list, similar_list
from services.cli.screens.tickets import comment_text, ticket_page, ticket_table
from services.mesh.ids import new_id

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)
app.add_typer(ticket_steps.app)
app.add_typer(ticket_bulk.app)
app.add_typer(ticket_files.app)
app.add_typer(ticket_links.app)
app.add_typer(ticket_log.app)
app.add_typer(ticket_macros.app)
app.add_typer(ticket_moving.app)
app.add_typer(ticket_watching.app)
app.add_typer(ticket_views.app, name="views", help="Lists that are looked at again and again.")


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
        str,
        typer.Option(
            "--filter", help="As in the API: `printer AND (tags:vpn OR assignee_id = me)`."
        ),
    ] = "",
    view: Annotated[str, typer.Option(help="One of `tickets views`.")] = "",
    order_by: Annotated[str, typer.Option(help="As in the API: `priority desc`.")] = "",
    limit: LimitOption = 50,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List tickets, newest first unless a view or you say otherwise."""
    parts = [wanted] if wanted else []
    parts += [f"status = {status.upper()}"] if status else []
    parts += [f"priority = {priority.upper()}"] if priority else []
    with open_gateway(tenant, role) as gateway:
        if view:
            saved = ticket_views.find_view(gateway, view)
            parts += [saved.filter] if saved.filter else []
            order_by = order_by or saved.order_by
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
    with open_gateway(tenant, role) as gateway:
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
    with open_gateway(tenant, role) as gateway:
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
    with open_gateway(tenant, role) as gateway:
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
    priority: Annotated[
        ticket_lookup.Priority | None, typer.Option(help="By rule, if left out.")
    ] = None,
    impact: Annotated[
        ticket_lookup.Level | None, typer.Option(help="How many it strikes, and how hard.")
    ] = None,
    urgency: Annotated[
        ticket_lookup.Level | None, typer.Option(help="How long it can wait.")
    ] = None,
    kind: Annotated[
        ticket_lookup.TicketType | None, typer.Option("--type", help="What kind of request it is.")
    ] = None,
    queue: Annotated[str, typer.Option(help="Where it waits; `general` if left out.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A word to find it by; repeat it.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="One of `helpdesk fields`, KEY=VALUE; repeat it.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Open a ticket in your own name."""
    request = ticket_service_pb2.CreateTicketRequest(
        ticket=ticket_pb2.Ticket(
            subject=subject,
            body=body,
            priority=priority.number if priority else ticket_pb2.TICKET_PRIORITY_UNSPECIFIED,
            tags=tag or [],
            impact=ticket_pb2.TicketImpact.ValueType(impact.number if impact else 0),
            urgency=ticket_pb2.TicketUrgency.ValueType(urgency.number if urgency else 0),
            ticket_type=kind.number if kind else ticket_pb2.TICKET_TYPE_UNSPECIFIED,
            queue=queue,
        ),
        request_id=new_id(),
    )
    with open_gateway(tenant, role) as gateway:
        for key, value in values_of(gateway, field or []).items():
            request.ticket.fields[key].CopyFrom(value)
        show_changed(gateway, gateway.tickets.CreateTicket(request), output)


@app.command("comment")
def comment(
    ticket: TicketArgument,
    text: Annotated[str, typer.Argument(help="The comment.")] = "",
    *,
    body: Annotated[str, typer.Option(help="The comment, instead of the argument.")] = "",
    internal: Annotated[bool, typer.Option("--internal", help="Only agents see it.")] = False,
    attach: Annotated[
        list[Path] | None, typer.Option("--attach", metavar="FILE", help="May be given again.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Write a comment on a ticket, with files if there are any."""
    if not (body or text):
        raise CommandError("The comment is empty.", hint=f'helpdesk tickets comment {ticket} "…"')
    with open_gateway(tenant, role) as gateway:
        ticket_id = ticket_lookup.ticket_id(gateway, ticket)
        ticket_watching.warn_of_others(gateway, ticket_id)
        files = ticket_files.send_files(gateway, ticket, attach or (), internal=internal)
        written = gateway.tickets.CreateComment(
            ticket_service_pb2.CreateCommentRequest(
                ticket_id=ticket_id,
                attachment_ids=[file.attachment_id for file in files],
                comment=ticket_pb2.Comment(body=body or text, internal=internal),
                request_id=new_id(),
            )
        )
        if output is Format.JSON:
            write_message(written)
        else:
            show(comment_text(written, names_of_users(gateway)))
