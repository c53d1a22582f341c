"""What happens to tickets, a line each."""

from rich.text import Text

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import Names, time_text

_DOES = {
    ticket_pb2.TICKET_ACTIVITY_UNSPECIFIED: "has gone",
    ticket_pb2.TICKET_ACTIVITY_VIEWING: "is looking",
    ticket_pb2.TICKET_ACTIVITY_ANSWERING: "is writing an answer",
}


def event_text(event: ticket_pb2.TicketEvent, number: str, names: Names) -> Text:
    kind = ticket_pb2.TicketEventKind.Name(event.kind).removeprefix("TICKET_EVENT_KIND_")
    line = Text.assemble(time_text(event.create_time), "  ", (number, "bold cyan"), "  ")
    line.append(kind.lower().replace("_", " "))
    if event.actor_id:
        line.append(f"  {name_of(event.actor_id, names)}", style="dim")
    for file in event.attachments:
        line.append(f"  {without_controls(file.file_name)}", style="dim")
    if event.cause:
        line.append(f"  {without_controls(event.cause)}", style="dim")
    return line


def presence_text(presence: ticket_pb2.TicketPresence, number: str, names: Names) -> Text:
    who = name_of(presence.user_id, names)
    return Text(f"{number}  {who} {_DOES[presence.activity]}", style="magenta")


def name_of(user_id: str, names: Names) -> str:
    return without_controls(names.get(user_id, user_id))
