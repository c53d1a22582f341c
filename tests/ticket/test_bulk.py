"""One thing done to many tickets, with an answer for each."""

from dataclasses import replace

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from helpdesk.ticket.v1 import bulk_service_pb2, queue_service_pb2, ticket_pb2
from services.mesh.caller import acting_as
from services.mesh.errors import PermissionMissing
from services.mesh.ids import new_id
from services.ticket.domain import TicketContent, Verb
from services.ticket.use_cases import bulk
from tests.support.mesh_server import refused
from tests.ticket.builders import ALEX, a_customer, an_agent
from tests.ticket.clients import People
from tests.ticket.desk import Desk

RESOLVE = bulk_service_pb2.TICKET_STEP_RESOLVE
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT


def reason_of(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return str(info.reason)


async def test_each_ticket_has_its_answer(people: People) -> None:
    first, second = await people.anna.opened(), await people.ben.opened()
    theirs = await people.gerd.opened()
    await people.alex.ResolveTicket(ticket_id=second.ticket_id)
    missing = new_id()
    asked = [first.ticket_id, "#2", theirs.ticket_id, missing]
    done = await people.alex.BulkUpdateTickets(ticket_ids=asked, step=RESOLVE)
    assert [result.ticket_id for result in done.results] == asked
    assert done.results[0].ticket.status == ticket_pb2.TICKET_STATUS_RESOLVED
    assert [reason_of(result.error) for result in done.results[1:]] == [
        "TRANSITION_NOT_ALLOWED",
        "TICKET_NOT_FOUND",
        "TICKET_NOT_FOUND",
    ]
    assert done.results[2].error.message == done.results[3].error.message
    now = await people.alex.GetTicket(ticket_id=first.ticket_id)
    assert now == done.results[0].ticket
    assert await people.gerd.GetTicket(ticket_id=theirs.ticket_id) == theirs


async def test_content_and_assignee_are_changed(people: People) -> None:
    await people.alex.CreateQueue(queue=queue_service_pb2.Queue(name="network"))
    tickets = [await people.anna.opened(tags=["wifi"]) for _ in range(3)]
    ids = [ticket.ticket_id for ticket in tickets]
    content = bulk_service_pb2.BulkContent(
        queue="network", priority=ticket_pb2.TICKET_PRIORITY_HIGH
    )
    changed = await people.alex.BulkUpdateTickets(ticket_ids=ids, content=content)
    assert {
        (one.ticket.queue, one.ticket.priority, *one.ticket.tags) for one in changed.results
    } == {("network", ticket_pb2.TICKET_PRIORITY_HIGH, "wifi")}
    given = await people.alex.BulkUpdateTickets(
        ticket_ids=ids,
        assignment=bulk_service_pb2.BulkAssignment(assignee_id=people.alex.user_id),
    )
    assert {one.ticket.assignee_id for one in given.results} == {people.alex.user_id}
    nowhere = bulk_service_pb2.BulkContent(queue="nowhere")
    refusals = await people.alex.BulkUpdateTickets(ticket_ids=ids, content=nowhere)
    assert {reason_of(one.error) for one in refusals.results} == {"QUEUE_NOT_FOUND"}


async def test_what_cannot_be_asked_for_is_refused(people: People) -> None:
    for ids in ([], ["1", "1"], [str(number) for number in range(101)]):
        with refused(INVALID_ARGUMENT, "INVALID_REQUEST"):
            await people.alex.BulkUpdateTickets(ticket_ids=ids, step=RESOLVE)
    for action in ({}, {"step": 0}, {"step": 99}):
        with refused(INVALID_ARGUMENT, "INVALID_REQUEST"):
            await people.alex.BulkUpdateTickets(ticket_ids=["1"], **action)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await people.nobody.BulkUpdateTickets(ticket_ids=["1"], step=RESOLVE)


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.ASSIGN, Verb.RESOLVE])
async def test_what_may_not_be_done_to_one_may_not_be_done_to_many(desk: Desk, verb: Verb) -> None:
    ticket = await desk.opened_by(a_customer())
    needed = f"ticket.tickets.{verb}"

    async def attempt() -> list[bulk.BulkResult]:
        ids = [ticket.ticket_id]
        if verb is Verb.UPDATE:
            content = TicketContent(tags=("lan",))
            return await bulk.update_all(desk.store, desk.clock, ids, content)
        if verb is Verb.ASSIGN:
            return await bulk.assign_all(desk.store, desk.clock, ids, ALEX)
        return await bulk.move_all(desk.store, desk.clock, ids, verb)

    agent = an_agent()
    with acting_as(agent):
        with pytest.raises(PermissionMissing) as refusal:
            await attempt()
        assert await desk.get(ticket) == ticket
    assert refusal.value.metadata == {"permission": needed}
    # The control: with the permission it is done.
    with acting_as(replace(agent, permissions=agent.permissions | {needed})):
        (result,) = await attempt()
        assert result.outcome == await desk.get(ticket) != ticket
