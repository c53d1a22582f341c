"""The RPCs as clients meet them: a real server, real interceptors, both databases."""

from uuid import uuid4

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.ids import new_id
from tests.support.mesh_server import refused
from tests.ticket.clients import People

NEW, OPEN, PENDING, RESOLVED, CLOSED = ticket_pb2.TicketStatus.values()[1:]
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


async def test_a_ticket_is_opened_and_read_back(people: People) -> None:
    opened = await people.anna.opened(
        tags=["wifi", "lan"], priority=ticket_pb2.TICKET_PRIORITY_HIGH, number=77, status=CLOSED
    )
    assert (opened.number, opened.status, opened.etag) == (1, NEW, '"1"')
    assert (opened.requester_id, list(opened.tags)) == (people.anna.user_id, ["lan", "wifi"])
    assert await people.anna.GetTicket(ticket_id=opened.ticket_id) == opened
    assert await people.alex.GetTicket(ticket_id="#1") == opened


async def test_the_contracts_rules_are_checked(people: People) -> None:
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await people.anna.opened(subject="x" * 201, tags=["NO"])
    assert set(refusals[0].violations) == {"ticket.subject", "ticket.tags[0]"}
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await people.anna.opened(subject="\0")
    assert set(refusals[0].violations) == {"ticket.subject"}


async def test_a_priority_that_is_not_given_is_by_rule(people: People) -> None:
    ticket = await people.anna.opened(subject="Mail is down", impact=ticket_pb2.TICKET_IMPACT_HIGH)
    assert ticket.priority == ticket_pb2.TICKET_PRIORITY_URGENT
    assert ticket.priority_rule.startswith("by rule: impact high")
    low = ticket_pb2.Ticket(ticket_id=ticket.ticket_id, priority=ticket_pb2.TICKET_PRIORITY_LOW)
    lowered = await people.alex.UpdateTicket(ticket=low)
    assert (lowered.priority, lowered.priority_rule) == (ticket_pb2.TICKET_PRIORITY_LOW, "")
    handed_back = await people.alex.UpdateTicket(
        ticket=ticket_pb2.Ticket(ticket_id=ticket.ticket_id),
        update_mask=FieldMask(paths=["priority"]),
    )
    assert handed_back.priority_rule == ticket.priority_rule
    events = (await people.alex.ListTicketEvents(ticket_id=ticket.ticket_id)).events
    assert [event.cause for event in events] == [ticket.priority_rule, "", ticket.priority_rule]


async def test_a_repeated_request_id_opens_one_ticket(people: People) -> None:
    request_id = str(uuid4())
    content = ticket_pb2.Ticket(subject="No Wi-Fi")
    first = await people.anna.CreateTicket(ticket=content, request_id=request_id)
    again = await people.anna.CreateTicket(ticket=content, request_id=request_id)
    assert again == first
    with refused(FAILED_PRECONDITION, "REQUEST_ID_REUSED"):
        await people.anna.CreateTicket(
            ticket=ticket_pb2.Ticket(subject="No VPN"), request_id=request_id
        )
    # Another person's request of the same id is another request.
    other = await people.ben.CreateTicket(ticket=content, request_id=request_id)
    assert other.number == 2
    listed = await people.alex.ListTickets()
    assert len(listed.tickets) == 2


async def test_a_repeated_request_id_writes_one_comment(people: People) -> None:
    ticket = await people.anna.opened()
    fields = {
        "ticket_id": ticket.ticket_id,
        "comment": ticket_pb2.Comment(body="Hm."),
        "request_id": str(uuid4()),
    }
    first = await people.anna.CreateComment(**fields)
    assert await people.anna.CreateComment(**fields) == first
    assert list((await people.anna.ListComments(ticket_id="1")).comments) == [first]
    with refused(FAILED_PRECONDITION, "REQUEST_ID_REUSED"):
        await people.anna.CreateComment(**{**fields, "comment": ticket_pb2.Comment(body="Oh.")})


async def test_chat_alone_hands_over_a_session(people: People) -> None:
    handoff = {
        "ticket": ticket_pb2.Ticket(subject="From chat"),
        "chat_session_id": new_id(),
        "transcript": "Q: Wi-Fi?\nA: I do not know.",
    }
    ticket = await people.anna_in_chat.CreateTicket(**handoff)
    assert ticket.chat_session_id == handoff["chat_session_id"]
    comments = (await people.alex.ListComments(ticket_id=ticket.ticket_id)).comments
    assert [(one.body, one.internal) for one in comments] == [(handoff["transcript"], True)]
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await people.anna.CreateTicket(**handoff)
    assert set(refusals[0].violations) == {"chat_session_id"}


async def test_a_list_is_filtered_ordered_and_paged(people: People) -> None:
    for _ in range(3):
        await people.anna.opened(tags=["wifi"])
    await people.ben.opened()
    first = await people.alex.ListTickets(
        filter="tags:wifi AND status = NEW", order_by="number", page_size=2
    )
    rest = await people.alex.ListTickets(
        filter="tags:wifi AND status = NEW",
        order_by="number",
        page_size=2,
        page_token=first.next_page_token,
    )
    assert [ticket.number for ticket in first.tickets] == [1, 2]
    assert [ticket.number for ticket in rest.tickets] == [3]
    assert not rest.next_page_token
    assert len((await people.anna.ListTickets()).tickets) == 3
    assert not (await people.gerd.ListTickets()).tickets


async def test_a_list_that_cannot_be_asked_for_is_refused(people: People) -> None:
    with refused(INVALID_ARGUMENT, "FILTER_INVALID") as refusals:
        await people.alex.ListTickets(filter="status = NEW )")
    assert refusals[0].violations == {"filter": "at position 14: expected AND or the end"}
    with refused(INVALID_ARGUMENT, "FILTER_INVALID") as refusals:
        await people.alex.ListTickets(order_by="subject")
    assert set(refusals[0].violations) == {"order_by"}
    with refused(INVALID_ARGUMENT, "PAGE_TOKEN_INVALID"):
        await people.alex.ListTickets(page_token="made-up")
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST"):
        await people.alex.ListTickets(page_size=-1)


async def test_an_update_follows_its_mask_and_etag(people: People) -> None:
    ticket = await people.anna.opened(tags=["wifi"])
    updated = await people.alex.UpdateTicket(
        ticket=ticket_pb2.Ticket(
            ticket_id=ticket.ticket_id, subject="No LAN", body="Ignored.", etag=ticket.etag
        ),
        update_mask=FieldMask(paths=["subject", "tags"]),
    )
    assert (updated.subject, updated.body, list(updated.tags)) == ("No LAN", "Gone.", [])
    assert updated.etag == '"2"'
    with refused(grpc.StatusCode.ABORTED, "TICKET_CHANGED") as refusals:
        await people.alex.UpdateTicket(ticket=ticket)
    assert refusals[0].metadata == {"etag": '"2"'}
    with refused(INVALID_ARGUMENT, "FIELD_NOT_UPDATABLE") as refusals:
        await people.alex.UpdateTicket(ticket=updated, update_mask=FieldMask(paths=["colour"]))
    assert refusals[0].metadata == {"field": "colour"}


async def test_a_ticket_goes_its_whole_way(people: People) -> None:
    ticket = await people.anna.opened()
    seen = [ticket.status]
    for rpc, fields in (
        ("AssignTicket", {"assignee_id": people.alex.user_id}),
        ("PendTicket", {}),
        ("ReopenTicket", {}),
        ("ResolveTicket", {}),
        ("CloseTicket", {}),
    ):
        call = getattr(people.alex, rpc)
        ticket = await call(ticket_id=ticket.ticket_id, etag=ticket.etag, **fields)
        seen.append(ticket.status)
    assert seen == [NEW, OPEN, PENDING, OPEN, RESOLVED, CLOSED]
    events = (await people.alex.ListTicketEvents(ticket_id=ticket.ticket_id)).events
    assert [event.status for event in events] == seen
    assert [event.changes.status for event in events] == seen
    assert events[0].changes.subject == "No Wi-Fi"
    assert events[-1].assignee_id == people.alex.user_id
    for rpc in ("AssignTicket", "PendTicket", "ResolveTicket", "ReopenTicket", "CloseTicket"):
        with refused(FAILED_PRECONDITION, "TRANSITION_NOT_ALLOWED") as refusals:
            await getattr(people.alex, rpc)(ticket_id=ticket.ticket_id)
        assert refusals[0].metadata["status"] == "CLOSED"
        with refused(grpc.StatusCode.ABORTED, "TICKET_CHANGED"):
            await getattr(people.alex, rpc)(ticket_id=ticket.ticket_id, etag='"1"')


async def test_internal_comments_are_for_agents(people: People) -> None:
    ticket = await people.anna.opened()
    note = {
        "ticket_id": ticket.ticket_id,
        "comment": ticket_pb2.Comment(body="Again.", internal=True),
    }
    written = await people.alex.CreateComment(**note)
    assert (written.author_id, written.internal) == (people.alex.user_id, True)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "INTERNAL_COMMENT_NOT_ALLOWED"):
        await people.anna.CreateComment(**note)
    assert not (await people.anna.ListComments(ticket_id=ticket.ticket_id)).comments
    assert len((await people.anna.ListTicketEvents(ticket_id=ticket.ticket_id)).events) == 1
    assert len((await people.alex.ListTicketEvents(ticket_id=ticket.ticket_id)).events) == 2
