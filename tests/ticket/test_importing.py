"""Tickets that come from elsewhere: as they were there, once, and only whole."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import TenantId, UserId
from services.ticket.convert.imports import READ
from services.ticket.domain import Act, Comment, Ticket, TicketEventKind, TicketStatus, fold
from services.ticket.domain.imports import History, Origin, imported
from services.ticket.ports.tickets import EventQuery, TicketStore
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import refused
from tests.ticket.builders import ALEX, NOON, a_comment, a_ticket, an_opening
from tests.ticket.clients import People

ORIGIN = Origin("zendesk", "35436")
LATER = NOON + timedelta(days=1)
ACT = Act(ALEX, LATER)
LONG_AGO = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)


def stamp(time: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(time)
    return made


def a_foreign_ticket(**fields: Any) -> ticket_pb2.Ticket:  # noqa: ANN401 - any field
    return ticket_pb2.Ticket(
        **{
            "subject": "Scanner",
            "requester_id": "anna",
            "create_time": stamp(LONG_AGO),
            "update_time": stamp(LONG_AGO + timedelta(hours=3)),
            **fields,
        }
    )


def a_foreign_comment(comment_id: str = "c1", **fields: Any) -> ticket_pb2.Comment:  # noqa: ANN401
    return ticket_pb2.Comment(
        **{
            "comment_id": comment_id,
            "author_id": "anna",
            "body": "Still off.",
            "create_time": stamp(LONG_AGO + timedelta(hours=1)),
            **fields,
        }
    )


def a_foreign_event(**fields: Any) -> ticket_pb2.TicketEvent:  # noqa: ANN401 - any field
    return ticket_pb2.TicketEvent(**fields)


def made_up(status: TicketStatus, *comments: Comment, assignee_id: UserId | None = None) -> History:
    ticket = replace(a_ticket(status), assignee_id=assignee_id, update_time=NOON)
    return imported(History(ticket, comments, ()), ACT, ORIGIN)


@pytest.mark.parametrize("status", TicketStatus)
@pytest.mark.parametrize("assignee_id", [None, ALEX])
def test_a_log_that_was_not_told_is_made_up_and_makes_the_ticket(
    status: TicketStatus, assignee_id: UserId | None
) -> None:
    comment = a_comment(a_ticket())
    history = made_up(status, comment, assignee_id=assignee_id)
    assert fold(history.events) == history.ticket
    # Before the last entry, too, it leads to where the ticket is.
    before = fold(history.events[:-1])
    assert (before.status, before.assignee_id) == (status, assignee_id)
    kinds = [event.kind for event in history.events]
    assert kinds[:2] == [TicketEventKind.OPENED, TicketEventKind.COMMENTED]
    assert kinds[-1] is TicketEventKind.IMPORTED
    assert history.events[-1].cause == "imported from zendesk: 35436"
    assert history.events[-1].is_internal


def test_a_told_log_may_leave_out_what_the_ticket_was() -> None:
    change = an_opening()
    told = (replace(change.events[0], changes={"subject": "Old"}), change.events[0])
    for events in (told[:1], told[1:], told, (replace(change.events[0], changes=None),)):
        history = imported(History(change.ticket, (), events), ACT, ORIGIN)
        assert fold(history.events) == history.ticket


async def test_a_history_is_kept_whole_and_nobody_is_told(
    store: TicketStore, tenant_id: TenantId
) -> None:
    comment = a_comment(a_ticket())
    history = made_up(TicketStatus.CLOSED, comment)
    async with store.transaction(tenant_id) as tickets:
        assert await tickets.take_origin(ORIGIN, "one") == "one"
        assert await tickets.take_origin(ORIGIN, "two") == "one"
        assert await tickets.take_number(7) == 7
        await tickets.keep_history(_numbered(history, 7))
        assert await tickets.take_number(7) == 8
        assert await tickets.take_number(3) == 3
        assert await tickets.take_number(0) == 9
    async with store.reading(tenant_id) as tickets:
        found = await tickets.find_by_number(7)
        assert found is not None
        events = await tickets.list_events(EventQuery(limit=99, with_internal=True))
    assert [event.kind for event in events] == [event.kind for event in history.events]
    assert found.status is TicketStatus.CLOSED


def _numbered(history: History, number: int) -> History:
    ticket = replace(history.ticket, number=number)
    comments = tuple(replace(each, ticket_id=ticket.ticket_id) for each in history.comments)
    events = tuple(replace(each, ticket_id=ticket.ticket_id) for each in history.events)
    return History(ticket, comments, events)


async def test_a_ticket_comes_with_its_times_its_number_and_its_authors(people: People) -> None:
    asked = {
        "source": "zendesk",
        "foreign_id": "35436",
        "ticket": a_foreign_ticket(number=35436, status="TICKET_STATUS_RESOLVED", tags=["old"]),
        "comments": [a_foreign_comment("c1"), a_foreign_comment("c2", internal=True)],
    }
    first = await people.alex.ImportTicket(**asked)
    again = await people.alex.ImportTicket(**{**asked, "ticket": a_foreign_ticket(subject="Else")})

    assert not first.imported_before
    assert (again.imported_before, again.ticket) == (True, first.ticket)
    assert first.ticket.number == 35436
    assert first.ticket.create_time.ToDatetime(UTC) == LONG_AGO
    assert first.ticket.update_time.ToDatetime(UTC) == LONG_AGO + timedelta(hours=3)
    comments = (await people.alex.ListComments(ticket_id="35436")).comments
    assert [(each.author_id, each.internal) for each in comments] == [
        ("anna", False),
        ("anna", True),
    ]
    assert (await people.alex.opened()).number == 35437


async def test_an_own_export_that_comes_home_changes_nothing(people: People) -> None:
    ticket = await people.anna.opened()
    home = await people.alex.ImportTicket(
        source="helpdesk", foreign_id=ticket.ticket_id, ticket=a_foreign_ticket()
    )
    assert home.imported_before
    assert home.ticket.ticket_id == ticket.ticket_id
    away = await people.gerd.ImportTicket(
        source="helpdesk", foreign_id=ticket.ticket_id, ticket=a_foreign_ticket()
    )
    assert not away.imported_before


async def test_customers_do_not_see_what_was_internal_elsewhere(people: People) -> None:
    ticket = a_foreign_ticket(requester_id=people.anna.user_id, follower_ids=["alex"])
    came = await people.alex.ImportTicket(
        source="zendesk",
        foreign_id="1",
        ticket=ticket,
        comments=[a_foreign_comment(internal=True)],
        events=[
            a_foreign_event(
                kind=kind,
                status=ticket_pb2.TICKET_STATUS_NEW,
                comment_id="c1" if "COMMENTED" in kind else "",
                create_time=stamp(LONG_AGO),
            )
            for kind in (
                "TICKET_EVENT_KIND_OPENED",
                "TICKET_EVENT_KIND_COMMENTED",
                "TICKET_EVENT_KIND_FOLLOWED",
            )
        ],
    )
    ticket_id = came.ticket.ticket_id
    seen = (await people.anna.ListTicketEvents(ticket_id=ticket_id)).events
    assert [event.kind for event in seen] == [ticket_pb2.TICKET_EVENT_KIND_OPENED]
    assert len((await people.alex.ListTicketEvents(ticket_id=ticket_id)).events) == 4
    assert not (await people.anna.ListComments(ticket_id=ticket_id)).comments


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"ticket": a_foreign_ticket(subject=" ")}, "ticket.subject"),
        ({"ticket": a_foreign_ticket(subject="a\0b")}, "ticket.subject"),
        ({"ticket": a_foreign_ticket(body="x" * 20_001)}, "ticket.body"),
        ({"ticket": a_foreign_ticket(tags=["Not A Tag"])}, "ticket.tags[0]"),
        ({"ticket": a_foreign_ticket(requester_id="x" * 65)}, "ticket.requester_id"),
        ({"ticket": a_foreign_ticket(follower_ids=["\0"])}, "ticket.follower_ids"),
        ({"ticket": a_foreign_ticket(status=99)}, "ticket.status"),
        (
            {"ticket": a_foreign_ticket(create_time=stamp(datetime(2999, 1, 1, tzinfo=UTC)))},
            "ticket.create_time",
        ),
        ({"ticket": a_foreign_ticket(create_time=Timestamp(seconds=10**15))}, "ticket.create_time"),
        (
            {"ticket": a_foreign_ticket(update_time=stamp(LONG_AGO - timedelta(1)))},
            "ticket.update_time",
        ),
        ({"comments": [a_foreign_comment(body=" ")]}, "comments[0].body"),
        ({"comments": [a_foreign_comment(author_id="")]}, "comments[0].author_id"),
        ({"comments": [a_foreign_comment(create_time=None)]}, "comments[0].create_time"),
        ({"comments": [a_foreign_comment(), a_foreign_comment()]}, "comments[1].comment_id"),
        ({"events": [a_foreign_event()]}, "events[0].kind"),
        (
            {"events": [a_foreign_event(kind=3, status=1, comment_id="?")]},
            "events[0].comment_id",
        ),
        (
            {
                "events": [
                    a_foreign_event(
                        kind=2,
                        status=1,
                        create_time=stamp(LONG_AGO),
                        changed_fields=["colour"],
                        changes=ticket_pb2.Ticket(),
                    )
                ]
            },
            "events[0].changed_fields",
        ),
        ({"events": [a_foreign_event(kind=2, cause="\0")]}, "events[0].cause"),
    ],
)
async def test_what_is_broken_is_named_and_nothing_is_kept(
    people: People, fields: dict[str, Any], field: str
) -> None:
    asked = {"source": "zendesk", "foreign_id": "1", "ticket": a_foreign_ticket(), **fields}
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as refusal:
        await people.alex.ImportTicket(**asked)
    assert field in str(refusal)
    assert not (await people.alex.ListTickets()).tickets


async def test_a_queue_must_be_there_and_only_admins_import(
    people: People, sql_store: SqlTicketStore
) -> None:
    asked: dict[str, Any] = {"source": "zendesk", "foreign_id": "1"}
    with refused(grpc.StatusCode.NOT_FOUND, "QUEUE_NOT_FOUND"):
        await people.alex.ImportTicket(**asked, ticket=a_foreign_ticket(queue="nowhere"))
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await people.anna.ImportTicket(**asked, ticket=a_foreign_ticket())
    followers = [f"user-{number}" for number in range(51)]
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_FOLLOWERS"):
        await people.alex.ImportTicket(**asked, ticket=a_foreign_ticket(follower_ids=followers))
    came = await people.alex.ImportTicket(**asked, ticket=a_foreign_ticket(number=2**31 - 1))
    assert came.ticket.number == 1


def test_every_field_of_a_ticket_can_be_told() -> None:
    born = {"ticket_id", "number", "create_time", "update_time"}
    told = {field.name for field in ticket_pb2.Ticket.DESCRIPTOR.fields}
    own = {"fields"}  # told each for itself
    assert told & {field.name for field in fields(Ticket)} == READ.keys() | born | own
