"""What people can do with tickets, told with a store in memory."""

from collections.abc import Awaitable, Callable

import pytest

from services.mesh.caller import Caller, acting_as
from services.mesh.errors import InvalidRequest, TokenMissing
from services.mesh.ids import new_id
from services.ticket.domain import Ticket, TicketContent, TicketPriority, TicketStatus
from services.ticket.errors.tickets import (
    InternalCommentNotAllowed,
    TicketChanged,
    TicketNotFound,
    TransitionNotAllowed,
)
from services.ticket.use_cases import listing, ticketing
from services.ticket.use_cases.listing import PageRequest
from tests.ticket.builders import (
    ACME,
    ALEX,
    ANNA,
    BEN,
    GERD,
    GLOBEX,
    a_customer,
    an_agent,
    through_chat,
)
from tests.ticket.desk import WIFI, Desk

ANY_PAGE = PageRequest()


async def test_a_customer_opens_a_ticket_and_reads_it_back(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    assert (ticket.number, ticket.status, ticket.requester_id) == (1, TicketStatus.NEW, ANNA)
    assert (ticket.priority, ticket.tags) == (TicketPriority.HIGH, ("wifi",))
    with acting_as(a_customer()):
        assert await desk.get(ticket) == ticket
    assert desk.store.outbox(ACME) == ["OPENED"]


async def test_a_priority_that_is_not_given_is_normal(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer(), TicketContent("No Wi-Fi"))
    assert ticket.priority is TicketPriority.NORMAL


@pytest.mark.parametrize("spelling", ["1", "#1", "#01"])
async def test_a_ticket_is_found_by_the_number_people_say(desk: Desk, spelling: str) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        assert await ticketing.get_ticket(desk.store, spelling) == ticket


@pytest.mark.parametrize(
    "ticket_id", ["", "#", "2", "#99999999999999999999", "٣", "1 ", "x\0y", "' OR 1=1"]
)
async def test_what_is_no_ticket_is_not_found(desk: Desk, ticket_id: str) -> None:
    await desk.opened_by(a_customer())
    with acting_as(an_agent()), pytest.raises(TicketNotFound) as refusal:
        await ticketing.get_ticket(desk.store, ticket_id)
    assert refusal.value.metadata == {"ticket_id": ticket_id}


async def test_without_a_user_nothing_can_be_done(desk: Desk) -> None:
    with pytest.raises(TokenMissing):
        await ticketing.open_ticket(desk.store, desk.clock, WIFI)
    with acting_as(Caller("gateway")), pytest.raises(TokenMissing):
        await ticketing.get_ticket(desk.store, new_id())


Deed = Callable[[Desk, Ticket], Awaitable[object]]
DEEDS_ON_ONE_TICKET: dict[str, Deed] = {
    "get": lambda desk, ticket: desk.get(ticket),
    "update": lambda desk, ticket: desk.update(ticket, TicketContent("x")),
    "comment": lambda desk, ticket: desk.comment(ticket),
    "list comments": lambda desk, ticket: listing.list_comments(
        desk.store, ANY_PAGE, ticket.ticket_id
    ),
    "list events": lambda desk, ticket: listing.list_events(desk.store, ANY_PAGE, ticket.ticket_id),
    "assign": lambda desk, ticket: ticketing.assign_ticket(
        desk.store, desk.clock, ticket.ticket_id, ALEX, ""
    ),
    "pend": lambda desk, ticket: ticketing.pend_ticket(
        desk.store, desk.clock, ticket.ticket_id, ""
    ),
    "resolve": lambda desk, ticket: ticketing.resolve_ticket(
        desk.store, desk.clock, ticket.ticket_id, ""
    ),
    "reopen": lambda desk, ticket: ticketing.reopen_ticket(
        desk.store, desk.clock, ticket.ticket_id, ""
    ),
    "close": lambda desk, ticket: ticketing.close_ticket(
        desk.store, desk.clock, ticket.ticket_id, ""
    ),
}


@pytest.mark.parametrize("deed", DEEDS_ON_ONE_TICKET)
@pytest.mark.parametrize(
    "stranger", [a_customer(BEN), an_agent(GERD, GLOBEX), a_customer(ANNA, GLOBEX)]
)
async def test_what_belongs_to_others_is_not_found(desk: Desk, deed: str, stranger: Caller) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(stranger), pytest.raises(TicketNotFound) as refusal:
        await DEEDS_ON_ONE_TICKET[deed](desk, ticket)
    assert refusal.value.metadata == {"ticket_id": ticket.ticket_id}
    with acting_as(an_agent()):
        assert await desk.get(ticket) == ticket


async def test_an_old_etag_is_refused_with_the_current_one(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        changed = await desk.update(ticket, TicketContent("Newer"), etag=ticket.etag)
        for deed in (
            desk.update(ticket, TicketContent("Older"), etag=ticket.etag),
            ticketing.assign_ticket(desk.store, desk.clock, "1", ALEX, ticket.etag),
            ticketing.pend_ticket(desk.store, desk.clock, "1", ticket.etag),
            ticketing.resolve_ticket(desk.store, desk.clock, "1", ticket.etag),
            ticketing.reopen_ticket(desk.store, desk.clock, "1", ticket.etag),
            ticketing.close_ticket(desk.store, desk.clock, "1", ticket.etag),
        ):
            with pytest.raises(TicketChanged) as refusal:
                await deed
            assert refusal.value.metadata == {"etag": changed.etag}
        assert await desk.get(ticket) == changed


async def test_a_ticket_goes_its_whole_way(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        etag = (await ticketing.assign_ticket(desk.store, desk.clock, "1", ALEX, ticket.etag)).etag
        for verb in (
            ticketing.pend_ticket,
            ticketing.reopen_ticket,
            ticketing.resolve_ticket,
            ticketing.close_ticket,
        ):
            etag = (await verb(desk.store, desk.clock, "1", etag)).etag
        page = await listing.list_events(desk.store, ANY_PAGE, "1")
        with pytest.raises(TransitionNotAllowed):
            await ticketing.reopen_ticket(desk.store, desk.clock, "1", "")
    kinds = ["OPENED", "ASSIGNED", "PENDED", "REOPENED", "RESOLVED", "CLOSED"]
    assert [event.kind for event in page.items] == kinds
    assert desk.store.outbox(ACME) == kinds


async def test_a_ticket_can_be_taken_away(desk: Desk) -> None:
    await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        await ticketing.assign_ticket(desk.store, desk.clock, "1", ALEX, "")
        ticket = await ticketing.assign_ticket(desk.store, desk.clock, "1", "", "")
    assert (ticket.assignee_id, ticket.status) == (None, TicketStatus.OPEN)


async def test_a_customers_answer_takes_the_ticket_up_again(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        await ticketing.pend_ticket(desk.store, desk.clock, "1", "")
        await desk.comment(ticket, "Did it help?")
        assert (await desk.get(ticket)).status is TicketStatus.PENDING
    with acting_as(a_customer()):
        await desk.comment(ticket, "No.")
        assert (await desk.get(ticket)).status is TicketStatus.OPEN


async def test_customers_neither_see_nor_write_internal_comments(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        secret = await desk.comment(ticket, "He always says so.", is_internal=True)
        public = await desk.comment(ticket, "We look into it.")
        shown = await listing.list_comments(desk.store, ANY_PAGE, "1")
        assert [comment.comment_id for comment in shown.items] == [secret, public]
    with acting_as(a_customer()):
        shown = await listing.list_comments(desk.store, ANY_PAGE, "1")
        assert [comment.comment_id for comment in shown.items] == [public]
        events = await listing.list_events(desk.store, ANY_PAGE, "1")
        assert [event.comment_id for event in events.items] == [None, public]
        with pytest.raises(InternalCommentNotAllowed):
            await desk.comment(ticket, is_internal=True)


async def test_chat_hands_over_its_session_and_transcript(desk: Desk) -> None:
    with acting_as(through_chat(a_customer())):
        ticket = await ticketing.open_ticket(
            desk.store, desk.clock, WIFI, chat_session_id="s1", transcript="Q: Wi-Fi?\nA: No."
        )
        assert (await listing.list_comments(desk.store, ANY_PAGE, "1")).items == []
    assert (ticket.chat_session_id, ticket.etag) == ("s1", '"1"')
    with acting_as(an_agent()):
        comments = (await listing.list_comments(desk.store, ANY_PAGE, "1")).items
    assert [(one.body, one.is_internal) for one in comments] == [("Q: Wi-Fi?\nA: No.", True)]


@pytest.mark.parametrize("field", ["chat_session_id", "transcript"])
async def test_nobody_else_gives_a_session_or_transcript(desk: Desk, field: str) -> None:
    with acting_as(an_agent()), pytest.raises(InvalidRequest) as refusal:
        await ticketing.open_ticket(desk.store, desk.clock, WIFI, **{field: "x"})
    assert [violation.field for violation in refusal.value.violations] == [field]
    assert desk.store.outbox(ACME) == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (TicketContent(" \n"), "ticket.subject"),
        (TicketContent("a\0b"), "ticket.subject"),
        (TicketContent("a", "b\0"), "ticket.body"),
    ],
)
async def test_words_that_cannot_be_kept_are_refused(
    desk: Desk, content: TicketContent, field: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await desk.opened_by(a_customer(), content)
    assert [violation.field for violation in refusal.value.violations] == [field]


async def test_other_texts_that_cannot_be_kept_are_refused(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        with pytest.raises(InvalidRequest) as refusal:
            await desk.comment(ticket, "\0")
        assert refusal.value.violations[0].field == "comment.body"
        with pytest.raises(InvalidRequest) as refusal:
            await ticketing.assign_ticket(desk.store, desk.clock, "1", "\0", "")
        assert refusal.value.violations[0].field == "assignee_id"
