"""Files that imported tickets had before: as they were there, told to nobody, and by few."""

from datetime import UTC, timedelta
from typing import Any

import grpc
import pytest
from sqlalchemy import func, select

from helpdesk.ticket.v1 import import_service_pb2, ticket_pb2
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.domain import fold_attachments
from services.ticket.ports.tickets import EventQuery
from services.ticket.store import SqlTicketStore
from services.ticket.tables.tickets import OutboxRow
from tests.support.mesh_server import refused
from tests.ticket.clients import AGENT_PERMISSIONS, Client, People
from tests.ticket.test_importing import LONG_AGO, a_foreign_comment, a_foreign_ticket, stamp

CLOSED = ticket_pb2.TICKET_STATUS_CLOSED
PAST: dict[str, Any] = {"past_author_id": "anna", "past_create_time": stamp(LONG_AGO)}


async def imported(client: Client, requester_id: str = "anna") -> ticket_pb2.Ticket:
    found: import_service_pb2.ImportTicketResponse = await client.ImportTicket(
        source="helpdesk",
        foreign_id="35436",
        ticket=a_foreign_ticket(status=CLOSED, requester_id=requester_id),
        comments=[a_foreign_comment(), a_foreign_comment("c2", internal=True)],
    )
    return found.ticket


async def test_a_file_is_whose_it_was_since_it_was_and_the_ticket_stays_closed(
    people: People, sql_store: SqlTicketStore, database: Database, tenant_id: TenantId
) -> None:
    ticket = await imported(people.alex, people.anna.user_id)
    shown, hidden = (await people.alex.ListComments(ticket_id="1")).comments
    made = await people.alex.attached("1", past_comment_id=shown.comment_id, **PAST)
    again = await people.alex.attached("1", past_comment_id=shown.comment_id, **PAST)
    later = stamp(LONG_AGO + timedelta(seconds=1))
    others = [
        await people.alex.attached("1", internal=True, past_comment_id=hidden.comment_id, **PAST),
        await people.alex.attached("1", **PAST | {"past_create_time": later}),
    ]

    assert again == made
    assert (made.author_id, made.comment_id) == ("anna", shown.comment_id)
    assert made.create_time.ToDatetime(UTC) == LONG_AGO
    listed = (await people.alex.ListAttachments(ticket_id="1")).attachments
    assert [*listed] == [made, *others]
    assert await people.alex.GetTicket(ticket_id="1") == ticket
    theirs = (await people.anna.ListAttachments(ticket_id="1")).attachments
    assert [*theirs] == [made, others[1]]
    async with sql_store.reading(tenant_id) as tickets:
        query = EventQuery(limit=100, ticket_id=ticket.ticket_id, with_internal=True)
        events = await tickets.list_events(query)
    assert {*fold_attachments(events)} == {one.attachment_id for one in listed}
    assert [(one.cause, one.is_internal) for one in events[-3:]] == [("imported", True)] * 3
    async with database.tenant_reading(tenant_id) as session:
        told = select(func.count()).where(OutboxRow.tenant_id == tenant_id)
        assert await session.scalar(told) == 0


async def test_only_who_may_import_says_whose_a_file_was(people: People) -> None:
    await imported(people.alex)
    files_only = people.colleague(AGENT_PERMISSIONS - {"ticket.tickets.import"})
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await files_only.attached("1", **PAST)
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.gerd.attached("1", **PAST)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "TRANSITION_NOT_ALLOWED"):
        await people.alex.attached("1")
    assert not (await people.alex.ListAttachments(ticket_id="1")).attachments


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"past_author_id": "anna"}, "past_create_time"),
        ({"past_create_time": stamp(LONG_AGO)}, "past_author_id"),
        ({"past_comment_id": "x"}, "past_author_id"),
        (PAST | {"past_create_time": stamp(LONG_AGO.replace(year=2996))}, "past_create_time"),
        (PAST | {"past_comment_id": "nowhere"}, "past_comment_id"),
        (PAST | {"past_author_id": "x" * 65}, "past_author_id"),
    ],
)
async def test_what_is_not_said_whole_is_refused(
    people: People, said: dict[str, Any], field: str
) -> None:
    await imported(people.alex)
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as refusal:
        await people.alex.attached("1", **said)
    assert field in str(refusal)


async def test_a_ticket_of_this_place_has_no_past_elsewhere(people: People) -> None:
    await people.anna.opened()
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as refusal:
        await people.alex.attached("1", **PAST)
    assert "past_author_id" in str(refusal)


async def test_a_comment_names_no_file_of_another_or_of_other_readers(people: People) -> None:
    await imported(people.alex)
    shown, _ = (await people.alex.ListComments(ticket_id="1")).comments
    for said in ({"past_author_id": "ben"}, {"internal": True}):
        with refused(grpc.StatusCode.FAILED_PRECONDITION, "ATTACHMENT_NOT_USABLE"):
            await people.alex.attached("1", past_comment_id=shown.comment_id, **PAST | said)
