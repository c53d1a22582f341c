"""What `tests/gates/route_demo.py` calls good, and what it does not."""

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import routing_service_pb2, ticket_pb2
from tests.gates.route_demo import EXPECTED, EXPECTED_ASKED, TOLERANCE, show

_QUEUES = sorted(EXPECTED.elements())
_TIME = Timestamp(seconds=1_900_000_000)


def shown(queues: Sequence[str], *, asked: int = EXPECTED_ASKED, unrouted: int = 0) -> int:
    tickets = [ticket_pb2.Ticket(queue=queue, create_time=_TIME) for queue in queues]
    wait = routing_service_pb2.RoutingStep(
        kind=routing_service_pb2.ROUTING_STEP_KIND_WAIT, create_time=_TIME
    )
    nothing = routing_service_pb2.ROUTING_WAITING_UNSPECIFIED
    ticket = routing_service_pb2.ROUTING_WAITING_TICKET
    explained = [
        routing_service_pb2.ExplainRoutingResponse(
            steps=[wait],
            engine="in_process",
            waiting=ticket if n >= unrouted else nothing,
        )
        for n in range(len(tickets))
    ]
    return show(tickets, explained, asked, "in_process")


def test_tickets_where_they_belong_are_good() -> None:
    assert shown(_QUEUES) == 0
    assert shown(_QUEUES, asked=EXPECTED_ASKED - TOLERANCE) == 0


def test_a_queue_that_is_off_is_not() -> None:
    assert shown([queue.replace("hr", "access") for queue in _QUEUES]) == 1
    assert shown([queue.replace("vpn", "") for queue in _QUEUES]) == 1


def test_too_many_or_too_few_who_are_asked_are_not() -> None:
    assert shown(_QUEUES, asked=EXPECTED_ASKED + TOLERANCE + 1) == 1
    assert shown(_QUEUES, asked=0) == 1


def test_a_ticket_that_was_never_routed_is_not() -> None:
    assert shown(_QUEUES, unrouted=1) == 1
