"""`helpdesk queues …`."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import queue_service_pb2
from services.cli.commands.ticket_calls import open_gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls
from services.cli.screens.tickets import time_text
from services.cli.session import Role
from services.mesh.ids import new_id

app = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="QUEUE", help="The queue's name.")]


@app.command("list")
def list_queues(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the queues that tickets wait in."""
    with open_gateway(tenant, role) as gateway:
        found = gateway.queues.ListQueues(queue_service_pb2.ListQueuesRequest())
    if output is Format.JSON:
        write_message(found)
        return
    table = Table("Queue", "Made", box=box.SIMPLE_HEAD, pad_edge=False)
    for queue in found.queues:
        made = time_text(queue.create_time) if queue.HasField("create_time") else "-"
        table.add_row(Text(without_controls(queue.name)), made)
    show(table)


@app.command("create")
def create_queue(
    name: NameArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a queue."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = queue_service_pb2.CreateQueueRequest(
            queue=queue_service_pb2.Queue(name=name), request_id=new_id()
        )
        made = gateway.queues.CreateQueue(request)
    if output is Format.JSON:
        write_message(made)
    else:
        say(f"Tickets can wait in {made.name} now.")


@app.command("delete")
def delete_queue(
    name: NameArgument,
    *,
    move_to: Annotated[str, typer.Option(help="The queue that its tickets go to.")] = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Delete a queue; one that has tickets needs to be told where they go."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = queue_service_pb2.DeleteQueueRequest(name=name, move_to=move_to)
        gone = gateway.queues.DeleteQueue(request)
    if output is Format.JSON:
        write_message(gone)
    else:
        say(f"The queue is gone; {gone.moved_tickets} tickets went elsewhere.")
