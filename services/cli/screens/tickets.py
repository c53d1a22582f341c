"""Tickets and comments."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC

from google.protobuf.timestamp_pb2 import Timestamp
from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.output import without_controls
from services.cli.own_fields import text_of

Names = Mapping[str, str]

_STATUS_COLOURS = {
    "new": "cyan",
    "open": "green",
    "pending": "yellow",
    "resolved": "blue",
    "closed": "dim",
}
_SLA_COLOURS = {"green": "green", "amber": "yellow", "red": "red", "breached": "bold red"}
_PRIORITY_COLOURS = {"urgent": "bold red", "high": "yellow", "low": "dim"}


def ticket_table(tickets: Sequence[ticket_pb2.Ticket], names: Names) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("#", "Status", "Priority", "Subject", "Requester", "Assignee", "Changed"):
        table.add_column(column, justify="right" if column == "#" else "left")
    for ticket in tickets:
        table.add_row(
            str(ticket.number),
            status_text(ticket.status),
            _priority(ticket.priority),
            Text(without_controls(ticket.subject)),
            _name(ticket.requester_id, names),
            _name(ticket.assignee_id, names),
            time_text(ticket.update_time),
        )
    return table


def ticket_page(
    ticket: ticket_pb2.Ticket, comments: Sequence[ticket_pb2.Comment], names: Names
) -> RenderableType:
    head = Text(f"#{ticket.number} ", style="bold cyan")
    head.append(without_controls(ticket.subject), style="bold")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Status", status_text(ticket.status))
    priority = _priority(ticket.priority)
    if ticket.priority_rule:
        priority.append(f"  {without_controls(ticket.priority_rule)}", style="dim")
    facts.add_row("Priority", priority)
    if ticket.ticket_type:
        kind = ticket_pb2.TicketType.Name(ticket.ticket_type).removeprefix("TICKET_TYPE_")
        facts.add_row("Type", kind.lower())
    facts.add_row("Queue", without_controls(ticket.queue))
    facts.add_row("Requester", _name(ticket.requester_id, names))
    facts.add_row("Assignee", _name(ticket.assignee_id, names))
    if ticket.follower_ids:
        followers = (_name(user_id, names) for user_id in ticket.follower_ids)
        facts.add_row("Followers", Text(", ").join(followers))
    if ticket.tags:
        facts.add_row("Tags", Text(" ".join(ticket.tags)))
    if ticket.rating:
        facts.add_row("Rating", without_controls(f"{ticket.rating} of 5  {ticket.rating_comment}"))
    if ticket.merged_into_id:
        facts.add_row("Merged into", Text(ticket.merged_into_id, style="dim"))
    for name, value in (*own_field_rows(ticket), *sla_rows(ticket)):
        facts.add_row(name, value)
    facts.add_row("Opened", time_text(ticket.create_time))
    facts.add_row("Id", Text(ticket.ticket_id, style="dim"))
    parts: list[RenderableType] = [head, facts]
    if ticket.body:
        parts += [Text(), Text(without_controls(ticket.body))]
    for comment in comments:
        parts += [Text(), comment_text(comment, names)]
    return Group(*parts)


def own_field_rows(ticket: ticket_pb2.Ticket) -> Iterator[tuple[str, Text]]:
    for key, value in sorted(ticket.fields.items()):
        yield key, Text(without_controls(text_of(value)))


def sla_rows(ticket: ticket_pb2.Ticket) -> Iterator[tuple[str, Text]]:
    """When the ticket is due, as far as anything is promised."""
    word = ticket_pb2.SlaState.Name(ticket.sla_state).removeprefix("SLA_STATE_").lower()
    if ticket.sla_state:
        yield "SLA", Text(word, style=_SLA_COLOURS[word])
    for name, field in (
        ("First response", "first_response_due"),
        ("Next response", "next_response_due"),
        ("Resolution", "resolution_due"),
    ):
        if ticket.HasField(field):  # type: ignore[arg-type]
            yield name, Text(f"due {time_text(getattr(ticket, field))}")


def comment_text(comment: ticket_pb2.Comment, names: Names) -> RenderableType:
    head = _name(comment.author_id, names)
    head.stylize("bold")
    head.append(f"  {time_text(comment.create_time)}", style="dim")
    if comment.internal:
        head.append("  internal", style="yellow")
    return Group(head, Padding.indent(Text(without_controls(comment.body)), 4))


def time_text(time: Timestamp) -> str:
    return time.ToDatetime(UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def status_text(status: ticket_pb2.TicketStatus.ValueType) -> Text:
    word = ticket_pb2.TicketStatus.Name(status).removeprefix("TICKET_STATUS_").lower()
    return Text(word, style=_STATUS_COLOURS.get(word, ""))


def _priority(priority: ticket_pb2.TicketPriority.ValueType) -> Text:
    word = ticket_pb2.TicketPriority.Name(priority).removeprefix("TICKET_PRIORITY_").lower()
    return Text(word, style=_PRIORITY_COLOURS.get(word, ""))


def _name(user_id: str, names: Names) -> Text:
    if not user_id:
        return Text("-", style="dim")
    return Text(without_controls(names.get(user_id, f"…{user_id[-8:]}")))
