"""Tickets are merged and split, and nothing of what happened to them is lost."""

from collections import Counter
from contextlib import suppress

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import TenantId, UserId, acting_as
from services.mesh.ids import new_id
from services.ticket.domain import (
    Act,
    Comment,
    TicketContent,
    TicketEvent,
    TicketStatus,
    fold,
    merged,
    split,
)
from services.ticket.errors.links import MergeIntoItself, TicketMerged
from services.ticket.errors.tickets import TransitionNotAllowed
from services.ticket.ports.tickets import EventQuery, TicketQuery, TicketReading, TicketStore
from services.ticket.use_cases import linking, ticketing
from tests.support.mesh_server import refused
from tests.ticket.builders import (
    ALEX,
    ANNA,
    BEN,
    NOON,
    TickingClock,
    a_comment,
    a_customer,
    a_ticket,
    an_agent,
)
from tests.ticket.clients import People

ACT = Act(ALEX, NOON)
NOT_FOUND = grpc.StatusCode.NOT_FOUND
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
CLOSED = ticket_pb2.TICKET_STATUS_CLOSED


@pytest.mark.parametrize("status", TicketStatus)
def test_a_ticket_of_any_status_is_merged_into_one_that_is_not_closed(
    status: TicketStatus,
) -> None:
    source, target = a_ticket(status), a_ticket()
    of_source, of_target = merged(source, target, ACT)
    assert of_source.ticket.status is TicketStatus.CLOSED
    assert of_source.ticket.merged_into_id == target.ticket_id
    assert of_target.ticket == target
    if status is TicketStatus.CLOSED:
        with pytest.raises(TransitionNotAllowed):
            merged(target, source, ACT)
    else:
        merged(target, source, ACT)


def test_a_ticket_is_merged_once_and_into_another() -> None:
    source, target = a_ticket(), a_ticket()
    with pytest.raises(MergeIntoItself):
        merged(source, source, ACT)
    gone = merged(source, target, ACT)[0].ticket
    for one, another in ((gone, a_ticket()), (a_ticket(), gone), (gone, target)):
        with pytest.raises(TicketMerged) as refusal:
            merged(one, another, ACT)
        assert refusal.value.metadata == {
            "ticket_id": gone.ticket_id,
            "merged_into_id": target.ticket_id,
        }


def test_a_split_comment_belongs_to_whoever_wrote_it() -> None:
    source = a_ticket()
    for author, is_internal in ((ANNA, False), (ALEX, True)):
        comment = a_comment(source, author, is_internal=is_internal)
        opening, telling = split(source, comment, "", ACT, ticket_id="2", number=2)
        assert opening.ticket.requester_id == author
        assert (opening.ticket.subject, opening.ticket.body) == ("Any news?", "Any news?")
        assert opening.events[0].actor_id == ALEX
        assert telling.ticket == source
        assert telling.events[0].comment_id == comment.comment_id


async def everything(
    tickets: TicketReading, ticket_id: str, *, with_internal: bool = True
) -> tuple[list[TicketEvent], list[Comment]]:
    query = EventQuery(
        limit=1000, ticket_id=ticket_id, with_internal=with_internal, with_merged=True
    )
    comments = await tickets.list_comments(
        ticket_id, limit=1000, after=None, with_internal=with_internal
    )
    return await tickets.list_events(query), comments


@given(
    requesters=st.lists(st.sampled_from([ANNA, BEN]), min_size=2, max_size=6),
    remarks=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=8),
    merges=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12),
)
@settings(
    max_examples=20,
    deadline=None,
    # A tenant for each example, so that the store may be shared.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_no_event_and_no_comment_is_lost(
    store: TicketStore,
    requesters: list[UserId],
    remarks: list[tuple[int, bool]],
    merges: list[tuple[int, int]],
) -> None:
    tenant_id, clock = TenantId(new_id()), TickingClock()
    ids = []
    for requester in requesters:
        with acting_as(a_customer(requester, tenant_id)):
            content = TicketContent("No Wi-Fi")
            ids.append((await ticketing.open_ticket(store, clock, content)).ticket_id)
    with acting_as(an_agent(tenant_id=tenant_id)):
        for place, is_internal in remarks:
            await ticketing.add_comment(
                store, clock, ids[place % len(ids)], "Hm.", is_internal=is_internal
            )
        for source, target in merges:
            with suppress(MergeIntoItself, TicketMerged, TransitionNotAllowed):
                await linking.merge_tickets(
                    store, clock, ids[source % len(ids)], ids[target % len(ids)], ""
                )
    async with store.reading(tenant_id) as tickets:
        kept = await tickets.list_events(EventQuery(limit=1000, with_internal=True))
        found = await tickets.list_tickets(TicketQuery(limit=100))
        owner = {ticket.ticket_id: ticket.requester_id for ticket in found}
        shown_events: Counter[int] = Counter()
        shown_comments: Counter[str] = Counter()
        for ticket in found:
            own = [event for event in kept if event.ticket_id == ticket.ticket_id]
            assert fold(own) == ticket
            for requester_view in (False, True):
                events, comments = await everything(
                    tickets, ticket.ticket_id, with_internal=not requester_view
                )
                assert [event.seq for event in events] == sorted(event.seq for event in events)
                if requester_view:
                    # Whoever may read this ticket alone reads nothing of another's.
                    shown = [event.ticket_id for event in events]
                    shown += [comment.ticket_id for comment in comments]
                    of = {owner[ticket_id] for ticket_id in shown}
                    assert of <= {ticket.requester_id}
                elif ticket.merged_into_id is None:
                    shown_events.update(event.seq for event in events)
                    shown_comments.update(comment.comment_id for comment in comments)
    assert shown_events == Counter(event.seq for event in kept)
    assert len(shown_comments) == len(remarks)
    assert set(shown_comments.values()) <= {1}


async def test_a_merged_ticket_is_shown_in_the_other(people: People) -> None:
    source, target = await people.anna.opened(), await people.anna.opened()
    for one, body in ((source, "First."), (target, "Second.")):
        await people.anna.CreateComment(
            ticket_id=one.ticket_id, comment=ticket_pb2.Comment(body=body)
        )
    shown = await people.alex.MergeTickets(ticket_id="1", target_ticket_id="2")
    assert shown.ticket_id == target.ticket_id
    for person in (people.anna, people.alex):
        gone = await person.GetTicket(ticket_id="1")
        assert (gone.status, gone.merged_into_id) == (CLOSED, target.ticket_id)
        comments = (await person.ListComments(ticket_id="2")).comments
        assert [comment.body for comment in comments] == ["First.", "Second."]
        first = await person.ListComments(ticket_id="2", page_size=1)
        rest = await person.ListComments(
            ticket_id="2", page_size=1, page_token=first.next_page_token
        )
        assert [*first.comments, *rest.comments] == list(comments)
        own = (await person.ListComments(ticket_id="1")).comments
        assert [comment.body for comment in own] == ["First."]
    log = (await people.alex.ListTicketEvents(ticket_id="2")).events
    assert [event.kind for event in log] == [
        ticket_pb2.TICKET_EVENT_KIND_OPENED,
        ticket_pb2.TICKET_EVENT_KIND_OPENED,
        ticket_pb2.TICKET_EVENT_KIND_COMMENTED,
        ticket_pb2.TICKET_EVENT_KIND_COMMENTED,
        ticket_pb2.TICKET_EVENT_KIND_MERGED,
        ticket_pb2.TICKET_EVENT_KIND_ABSORBED,
    ]
    assert log[4].changes.merged_into_id == target.ticket_id
    assert log[5].other_ticket_id == source.ticket_id
    with refused(FAILED_PRECONDITION, "TRANSITION_NOT_ALLOWED"):
        await people.alex.ReopenTicket(ticket_id="1")


async def test_another_customer_learns_nothing(people: People) -> None:
    source, target = await people.anna.opened(), await people.ben.opened()
    await people.anna.CreateComment(
        ticket_id=source.ticket_id, comment=ticket_pb2.Comment(body="My secret.")
    )
    await people.alex.MergeTickets(ticket_id=source.ticket_id, target_ticket_id=target.ticket_id)
    gone = await people.anna.GetTicket(ticket_id="1")
    assert (gone.status, gone.merged_into_id) == (CLOSED, "")
    told = (await people.anna.ListTicketEvents(ticket_id="1")).events[-1]
    assert told.kind == ticket_pb2.TICKET_EVENT_KIND_MERGED
    assert target.ticket_id not in str(told)
    assert not (await people.ben.ListComments(ticket_id="2")).comments
    assert source.ticket_id not in str(await people.ben.ListTicketEvents(ticket_id="2"))
    # The control: who may read both is told of both.
    assert (await people.alex.GetTicket(ticket_id="1")).merged_into_id == target.ticket_id
    assert len((await people.alex.ListComments(ticket_id="2")).comments) == 1


async def test_a_merge_that_cannot_be_is_refused(people: People) -> None:
    first, second = await people.anna.opened(), await people.anna.opened()
    theirs = await people.gerd.opened()
    with refused(FAILED_PRECONDITION, "MERGE_INTO_ITSELF"):
        await people.alex.MergeTickets(ticket_id="1", target_ticket_id="#1")
    with refused(grpc.StatusCode.ABORTED, "TICKET_CHANGED"):
        await people.alex.MergeTickets(ticket_id="1", target_ticket_id="2", etag='"9"')
    for one, another in (("1", theirs.ticket_id), (theirs.ticket_id, "1")):
        with refused(NOT_FOUND, "TICKET_NOT_FOUND") as refusals:
            await people.alex.MergeTickets(ticket_id=one, target_ticket_id=another)
        assert refusals[0].metadata == {"ticket_id": theirs.ticket_id}
    await people.alex.MergeTickets(ticket_id="1", target_ticket_id="2", etag=first.etag)
    for one, another in (("1", "2"), ("2", "1")):
        with refused(FAILED_PRECONDITION, "TICKET_MERGED") as refusals:
            await people.alex.MergeTickets(ticket_id=one, target_ticket_id=another)
        assert refusals[0].metadata["merged_into_id"] == second.ticket_id
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await people.nobody.MergeTickets(ticket_id="1", target_ticket_id="2")


async def test_a_comment_becomes_a_ticket_with_a_link_back(people: People) -> None:
    ticket, other = await people.anna.opened(tags=["wifi"]), await people.anna.opened()
    comment = await people.anna.CreateComment(
        ticket_id="1", comment=ticket_pb2.Comment(body="And the printer\nis gone.")
    )
    parts = {"ticket_id": ticket.ticket_id, "comment_id": comment.comment_id}
    made = await people.alex.SplitTicket(**parts)
    assert (made.subject, made.body) == ("And the printer", comment.body)
    assert (made.number, made.requester_id, list(made.tags)) == (3, people.anna.user_id, ["wifi"])
    (link,) = (await people.alex.ListTicketLinks(ticket_id="1")).links
    assert (link.ticket_id, link.kind) == (made.ticket_id, ticket_pb2.TICKET_LINK_KIND_SPLIT_FROM)
    told = (await people.alex.ListTicketEvents(ticket_id="1")).events[-1]
    assert (told.other_ticket_id, told.comment_id) == (made.ticket_id, comment.comment_id)
    assert list((await people.anna.ListComments(ticket_id="1")).comments) == [comment]
    assert await people.anna.GetTicket(ticket_id="3") == made
    named = await people.alex.SplitTicket(**parts, subject="Printer")
    assert named.subject == "Printer"
    for ids in (
        {**parts, "comment_id": new_id()},
        {**parts, "comment_id": "x"},
        {**parts, "ticket_id": other.ticket_id},
    ):
        with refused(NOT_FOUND, "COMMENT_NOT_FOUND") as refusals:
            await people.alex.SplitTicket(**ids)
        assert refusals[0].metadata == {"comment_id": ids["comment_id"]}
    with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.gerd.SplitTicket(**parts)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await people.nobody.SplitTicket(**parts)
