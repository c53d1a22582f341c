"""Opens thirty-six tickets and counts where they went, who is asked, and how long it took.

    python tests/gates/route_demo.py [--tenant acme]      on a running `helpdesk up`
    python tests/gates/route_demo.py --engine in-process  on an installation of its own
    python tests/gates/route_demo.py --engine temporal    the same, with a server of Temporal;
                                                          left out where the program is not there

Six tickets name their queue, 24 are hand-written ones that triage has never learned from, of four
labels, and six are for no help desk. Triage is turned on with a queue for each of the four labels.
Exit code 1 when a queue is off by more than two, when more people are asked than should be or
nobody is, or when a ticket was never routed or is in no queue.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import grpc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import (
    queue_service_pb2,
    routing_service_pb2,
    ticket_pb2,
    ticket_service_pb2,
    triage_service_pb2,
)
from services.cli.gateway import Gateway
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings
from services.ticket.domain import DEFAULT_QUEUE
from tests.support.installation import Installation, fresh_environment
from tests.ticket.triage.natural import natural_tickets

ENGINES = {"in-process": "in_process", "temporal": "temporal"}
TOLERANCE = 2
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.05  # twenty tickets a second
_OF_EACH = 6

QUEUES = {"Access": "access", "HR Support": "hr", "Hardware": "hardware", "Purchase": "purchase"}
Sample = tuple[str, str, str]  # subject, body, and the queue that whoever opens it names

NAMED: list[Sample] = [
    ("Cannot reach the VPN", f"It ends after {n} minutes.", "vpn") for n in range(_OF_EACH)
]
FOREIGN: list[Sample] = [
    ("Rain", "Will it rain in Lisbon on Sunday?", ""),
    ("Soup", "How long do I boil the potatoes for the soup?", ""),
    ("A song", "Play the song again that came before this one.", ""),
    ("Spanish", "How do you say good night in Spanish?", ""),
    ("A joke", "Tell me a joke about two cats.", ""),
    ("Flights", "Which is the cheapest flight from Paris to Rome in May?", ""),
]


def described() -> list[Sample]:
    """The first of each label: their first sentence, and the rest."""
    by_label = {
        label: [text for text, own in natural_tickets() if own == label][:_OF_EACH]
        for label in QUEUES
    }
    halves = (text.partition(" ") for texts in by_label.values() for text in texts)
    return [(first, rest, "") for first, _, rest in halves]


# Those of which nobody is sure stay where they were opened: the foreign ones, and of the described
# ones every sixth, by the triage's own figures for natural tickets.
EXPECTED_ASKED = len(FOREIGN) + len(QUEUES) * _OF_EACH // 6
EXPECTED = Counter(
    {"vpn": _OF_EACH, DEFAULT_QUEUE: EXPECTED_ASKED, **dict.fromkeys(QUEUES.values(), _OF_EACH)}
)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tenant", default="acme")
    parser.add_argument("--engine", choices=ENGINES)
    wanted = parser.parse_args(arguments)
    if wanted.engine is None:
        return route(read_settings(MeshSettings), wanted.tenant)
    if wanted.engine == "temporal" and shutil.which("temporal") is None:
        print("Temporal is left out: the program temporal is not on the PATH")
        return 0
    with own_installation(wanted.engine) as settings:
        return route(settings, wanted.tenant, ENGINES[wanted.engine])


@contextmanager
def own_installation(engine: str) -> Iterator[MeshSettings]:
    with tempfile.TemporaryDirectory() as folder:
        environment = fresh_environment(Path(folder))
        if engine == "temporal":
            # Where there is no address, a server is started along with the rest.
            environment["HELPDESK_TICKET_ROUTING_ENGINE"] = "auto"
            environment.pop("TEMPORAL_ADDRESS", None)
        installation = Installation(environment)
        started = installation.run("up", "--detach")
        try:
            if started.returncode != 0:
                raise SystemExit(started.stderr)
            yield installation.settings
        finally:
            installation.run("down")


def route(settings: MeshSettings, tenant: str, engine: str = "") -> int:
    with session(settings, tenant, None, usually=Role.ADMIN) as gateway:
        make_queues(gateway)
        turn_triage_on(gateway)
        samples = [*NAMED, *described(), *FOREIGN]
        opened = [open_ticket(gateway, *sample) for sample in samples]
        explained = wait_for(gateway, opened)
        tickets = [
            gateway.tickets.GetTicket(ticket_service_pb2.GetTicketRequest(ticket_id=each.ticket_id))
            for each in opened
        ]
        asked = count_asked(gateway, opened[len(NAMED) :])
    return show(tickets, explained, asked, engine)


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


def turn_triage_on(gateway: Gateway) -> None:
    queues = [
        triage_service_pb2.TriageQueue(label=label, queue=queue) for label, queue in QUEUES.items()
    ]
    settings = triage_service_pb2.TriageSettings(enabled=True, queues=queues)
    gateway.triage.SetTriageSettings(triage_service_pb2.SetTriageSettingsRequest(settings=settings))


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


def count_asked(gateway: Gateway, opened: Sequence[ticket_pb2.Ticket]) -> int:
    """Of how many of them a person is asked what they are about; what was found is kept already."""
    requests = (
        triage_service_pb2.ClassifyTicketRequest(ticket_id=ticket.ticket_id) for ticket in opened
    )
    return sum(gateway.triage.ClassifyTicket(request).needs_review for request in requests)


def show(
    tickets: Sequence[ticket_pb2.Ticket],
    explained: Sequence[routing_service_pb2.ExplainRoutingResponse],
    asked: int,
    engine: str = "",
) -> int:
    counted = Counter(ticket.queue for ticket in tickets)
    table = Table("Queue", "Tickets", "Expected", "", box=None, pad_edge=False)
    is_good = True
    for queue in sorted(counted.keys() | EXPECTED.keys()):
        is_good &= _row(table, queue or "none", counted[queue], EXPECTED[queue] if queue else -3)
    is_good &= _row(table, "a person is asked", asked, EXPECTED_ASKED)
    console = Console()
    console.print(table)
    routed = [each for each in explained if each.waiting]
    console.print(f"routed: {len(routed)} of {len(tickets)}")
    if routed:
        took = sorted(map(time_to_route, tickets, explained))
        place = int(len(took) * 0.95)
        milliseconds = timedelta(milliseconds=1)
        console.print(
            f"created to routed ({explained[0].engine}):"
            f" p50 {took[len(took) // 2] / milliseconds:.0f} ms,"
            f" p95 {took[place] / milliseconds:.0f} ms"
        )
    strange = {each.engine for each in explained} - {engine}
    if engine and strange:
        console.print(f"routed by {', '.join(sorted(strange))} and not by {engine}")
    return int(not is_good or len(routed) < len(tickets) or (bool(engine) and bool(strange)))


def _row(table: Table, name: str, count: int, expected: int) -> bool:
    is_near = abs(count - expected) <= TOLERANCE
    word = Text("ok", style="green") if is_near else Text("off", style="bold red")
    table.add_row(name, str(count), str(expected), word)
    return is_near


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
