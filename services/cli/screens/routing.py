"""What routing did with a ticket."""

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import routing_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import Names, time_text

_WAITING = {
    routing_service_pb2.ROUTING_WAITING_NO_POLICY: "for a routing policy",
    routing_service_pb2.ROUTING_WAITING_NOBODY_FOR_QUEUE: "for an agent who serves its queue",
    routing_service_pb2.ROUTING_WAITING_EVERYBODY_AWAY: "for somebody to come back",
    routing_service_pb2.ROUTING_WAITING_NOBODY_ON_SHIFT: "for the next shift",
    routing_service_pb2.ROUTING_WAITING_EVERYBODY_FULL: "for a place with an agent",
    routing_service_pb2.ROUTING_WAITING_TICKET: "for what happens to it",
}


def routing_page(
    explained: routing_service_pb2.ExplainRoutingResponse, names: Names
) -> RenderableType:
    if not explained.steps:
        return Text("This ticket is not routed: it is older than routing, or came from elsewhere.")
    table = Table("", "When", "Step", "Queue", "Agent", "Why", box=box.SIMPLE_HEAD, pad_edge=False)
    for step in explained.steps:
        kind = routing_service_pb2.RoutingStepKind.Name(step.kind)
        agent = names.get(step.assignee_id, step.assignee_id) or "-"
        table.add_row(
            str(step.place),
            time_text(step.create_time),
            kind.removeprefix("ROUTING_STEP_KIND_").replace("_", " ").lower(),
            Text(without_controls(step.queue)),
            Text(without_controls(agent)),
            Text(without_controls(step.reason)),
        )
    return Group(table, _what_is_next(explained))


def _what_is_next(explained: routing_service_pb2.ExplainRoutingResponse) -> Text:
    if explained.waiting not in _WAITING:
        return Text(f"Done ({explained.engine}).")
    said = Text(f"It waits {_WAITING[explained.waiting]}")
    if explained.HasField("next_time"):
        said.append(", until ").append(time_text(explained.next_time)).append(" at the latest")
    return said.append(f" ({explained.engine}).")
