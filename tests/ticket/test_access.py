"""Who may not: strangers from another tenant, other customers, and people without permission."""

from typing import Any

import grpc

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.ids import new_id
from tests.support.mesh_server import refused
from tests.ticket.clients import People

NOT_FOUND = grpc.StatusCode.NOT_FOUND

ON_ONE_TICKET: dict[str, dict[str, Any]] = {
    "GetTicket": {},
    "CreateComment": {"comment": ticket_pb2.Comment(body="Hi.")},
    "ListComments": {},
    "AssignTicket": {},
    "PendTicket": {},
    "ResolveTicket": {},
    "ReopenTicket": {},
    "CloseTicket": {},
    "ListTicketEvents": {},
}


async def test_what_belongs_to_others_is_not_found(people: People) -> None:
    ticket = await people.anna.opened()
    for stranger in (people.gerd, people.ben):
        for rpc, fields in ON_ONE_TICKET.items():
            answers = []
            for ticket_id in (ticket.ticket_id, new_id()):
                with refused(NOT_FOUND, "TICKET_NOT_FOUND") as refusals:
                    await getattr(stranger, rpc)(ticket_id=ticket_id, **fields)
                assert refusals[0].metadata == {"ticket_id": ticket_id}
                answers.append(refusals[0].message)
            assert len(set(answers)) == 1
        with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
            await stranger.UpdateTicket(ticket=ticket)
        with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
            await anext(aiter(stranger.WatchTickets(ticket_id=ticket.ticket_id)))
    assert await people.anna.GetTicket(ticket_id=ticket.ticket_id) == ticket


async def test_every_rpc_needs_its_permission(people: People) -> None:
    content = ticket_pb2.Ticket(subject="x")
    for rpc, fields in {
        **{rpc: {"ticket_id": "1", **fields} for rpc, fields in ON_ONE_TICKET.items()},
        "CreateTicket": {"ticket": content},
        "ListTickets": {},
        "UpdateTicket": {"ticket": content},
    }.items():
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await getattr(people.nobody, rpc)(**fields)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await anext(aiter(people.nobody.WatchTickets()))
