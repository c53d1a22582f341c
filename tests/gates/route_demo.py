"""Opens twenty tickets on a running `helpdesk up` and counts where they went.

    python tests/gates/route_demo.py [--tenant acme]

Prints how many came into each queue beside how many should, how many nobody was sure of, and how
long it took from being created to being routed. Exit code 1 when a queue is off by more than two,
a ticket was never routed, or one is in no queue.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import grpc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import (
    queue_service_pb2,
    routing_service_pb2,
    ticket_pb2,
    ticket_service_pb2,
)
from services.cli.gateway import Gateway
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings
from services.ticket.domain import DEFAULT_QUEUE

TOLERANCE = 2
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.05  # twenty tickets a second

# Subject, body, and the queue that whoever opens it names; without one it is the default.
SAMPLES = (
    *(("Cannot reach the VPN", f"It ends after {n} minutes.", "vpn") for n in range(1, 7)),
    *(("Mailbox is full", f"There are {n} GB in it.", "mail") for n in range(1, 7)),
    *(("A question", f"Who has the key of room {n}?", "") for n in range(1, 9)),
)
EXPECTED = Counter(queue or DEFAULT_QUEUE for *_, queue in SAMPLES)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenant", default="acme")
    tenant = parser.parse_args(arguments).tenant
    settings = read_settings(MeshSettings)
    with session(settings, tenant, None, usually=Role.ADMIN) as gateway:
        make_queues(gateway)
        opened = [open_ticket(gateway, *sample) for sample in SAMPLES]
        explained = wait_for(gateway, opened)
        tickets = [
            gateway.tickets.GetTicket(ticket_service_pb2.GetTicketRequest(ticket_id=each.ticket_id))
            for each in opened
        ]
    return show(tickets, explained)


def make_queues(gateway: Gateway) -> None:
    for name in EXPECTED.keys() - {DEFAULT_QUEUE}:
        request = queue_service_pb2.CreateQueueRequest(
            queue=queue_service_pb2.Queue(name=name), request_id=new_id()
        )
        try:
            gateway.queues.CreateQueue(request)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
                raise


def open_ticket(gateway: Gateway, subject: str, body: str, queue: str) -> ticket_pb2.Ticket:
    time.sleep(PAUSE_SECONDS)
    content = ticket_pb2.Ticket(subject=subject, body=body, queue=queue)
    request = ticket_service_pb2.CreateTicketRequest(ticket=content, request_id=new_id())
    return gateway.tickets.CreateTicket(request)


def wait_for(
    gateway: Gateway, opened: Sequence[ticket_pb2.Ticket]
) -> list[routing_service_pb2.ExplainRoutingResponse]:
    """Returns once each ticket waits for something, or after a minute."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        explained = [
            gateway.routing.ExplainRouting(
                routing_service_pb2.ExplainRoutingRequest(ticket_id=ticket.ticket_id)
            )
            for ticket in opened
        ]
        if all(each.waiting for each in explained) or time.monotonic() > end:
            return explained
        time.sleep(0.2)


def show(
    tickets: Sequence[ticket_pb2.Ticket],
    explained: Sequence[routing_service_pb2.ExplainRoutingResponse],
) -> int:
    counted = Counter(ticket.queue for ticket in tickets)
    table = Table("Queue", "Tickets", "Expected", "", box=None, pad_edge=False)
    is_good = True
    for queue in sorted(counted.keys() | EXPECTED.keys()):
        is_near = bool(queue) and abs(counted[queue] - EXPECTED[queue]) <= TOLERANCE
        is_good &= is_near
        word = Text("ok", style="green") if is_near else Text("off", style="bold red")
        table.add_row(queue or "none", str(counted[queue]), str(EXPECTED[queue]), word)
    console = Console()
    console.print(table)
    routed = [each for each in explained if each.waiting]
    unsure = sum("sure" in step.reason for each in explained for step in each.steps[:1])
    console.print(f"routed: {len(routed)} of {len(tickets)}; nobody was sure of {unsure}")
    if routed:
        took = sorted(map(time_to_route, tickets, explained))
        place = int(len(took) * 0.95)
        milliseconds = timedelta(milliseconds=1)
        console.print(
            f"created to routed ({explained[0].engine}):"
            f" p50 {took[len(took) // 2] / milliseconds:.0f} ms,"
            f" p95 {took[place] / milliseconds:.0f} ms"
        )
    return int(not is_good or len(routed) < len(tickets))


def time_to_route(
    ticket: ticket_pb2.Ticket, explained: routing_service_pb2.ExplainRoutingResponse
) -> timedelta:
    """Until the last step of the first round: assigned, or known to wait for somebody."""
    wait = routing_service_pb2.ROUTING_STEP_KIND_WAIT
    first = next((step for step in explained.steps if step.kind == wait), None)
    if first is None:
        return timedelta(seconds=PATIENCE_SECONDS)
    return first.create_time.ToDatetime() - ticket.create_time.ToDatetime()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
