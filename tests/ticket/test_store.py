"""The same questions to the store in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from services.mesh.caller import TenantId
from services.mesh.ids import new_id
from services.ticket.domain import (
    Act,
    Attachment,
    AttachmentUsage,
    Change,
    Ticket,
    TicketContent,
    TicketPriority,
    Verb,
    assigned,
    attached,
    commented,
    detached,
    fold_attachments,
    moved,
    named_by,
    updated,
)
from services.ticket.errors.tickets import TicketChanged
from services.ticket.filter.parser import parse_filter
from services.ticket.filter.query import Order, OrderField
from services.ticket.ports.tickets import (
    AttachmentCursor,
    CommentCursor,
    EventQuery,
    TicketCursor,
    TicketQuery,
    TicketStore,
)
from tests.ticket.builders import ALEX, ANNA, BEN, NOON, a_comment, an_attachment, an_opening

ACT = Act(ALEX, NOON + timedelta(minutes=1))


async def keep(store: TicketStore, tenant_id: TenantId, *changes: Change) -> None:
    async with store.transaction(tenant_id) as tickets:
        for change in changes:
            await tickets.keep(change)


async def kept(store: TicketStore, tenant_id: TenantId, opening: Change) -> Ticket:
    await keep(store, tenant_id, opening)
    return opening.ticket


async def numbers(store: TicketStore, tenant_id: TenantId, query: TicketQuery) -> list[int]:
    async with store.reading(tenant_id) as tickets:
        return [ticket.number for ticket in await tickets.list_tickets(query)]


async def test_a_kept_ticket_is_found_as_it_was(store: TicketStore, tenant_id: TenantId) -> None:
    opening = an_opening(3, tags=("vpn", "mfa"), priority=TicketPriority.URGENT)
    opening = replace(opening, ticket=replace(opening.ticket, chat_session_id=new_id()))
    ticket = await kept(store, tenant_id, opening)
    async with store.reading(tenant_id) as tickets:
        assert await tickets.find(ticket.ticket_id) == ticket
        assert await tickets.find_by_number(3) == ticket
        assert await tickets.find(new_id()) is None
        assert await tickets.find_by_number(4) is None
    async with store.transaction(tenant_id) as tickets:
        assert await tickets.find_to_change(ticket.ticket_id) == ticket
        assert await tickets.find_to_change(new_id()) is None


async def test_a_changed_ticket_is_found_as_it_is(store: TicketStore, tenant_id: TenantId) -> None:
    ticket = await kept(store, tenant_id, an_opening(tags=("vpn", "mfa")))
    content = TicketContent(tags=("wifi",))
    async with store.transaction(tenant_id) as tickets:
        change = updated(ticket, content, frozenset({"tags"}), ACT)
        await tickets.keep(change)
        after = assigned(change.ticket, ALEX, ACT)
        await tickets.keep(after)
        assert await tickets.find(ticket.ticket_id) == after.ticket
    async with store.reading(tenant_id) as tickets:
        assert await tickets.find(ticket.ticket_id) == after.ticket


async def test_a_change_of_an_older_ticket_is_refused(
    store: TicketStore, tenant_id: TenantId
) -> None:
    ticket = await kept(store, tenant_id, an_opening())
    await keep(store, tenant_id, moved(ticket, Verb.PEND, ACT))
    with pytest.raises(TicketChanged) as refusal:
        await keep(store, tenant_id, moved(ticket, Verb.RESOLVE, ACT))
    assert refusal.value.metadata == {"etag": '"2"'}
    async with store.reading(tenant_id) as tickets:
        assert len(await tickets.list_events(EventQuery(limit=9))) == 2


async def test_a_transaction_that_raises_leaves_nothing(
    store: TicketStore, tenant_id: TenantId
) -> None:
    opening = an_opening()

    async def fail() -> None:
        async with store.transaction(tenant_id) as tickets:
            assert await tickets.next_number() == 1
            await tickets.keep(opening)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with store.transaction(tenant_id) as tickets:
        assert await tickets.find(opening.ticket.ticket_id) is None
        assert await tickets.last_seq() == 0
        assert await tickets.next_number() == 1


async def test_numbers_have_no_gaps_when_many_count(
    store: TicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    async def count(place: int) -> int:
        async with store.transaction(tenant_id) as tickets:
            number = await tickets.next_number()
            await tickets.keep(an_opening(number))
            if place % 3 == 0:
                raise LookupError
            return number

    counted = await asyncio.gather(*map(count, range(30)), return_exceptions=True)
    given = sorted(number for number in counted if isinstance(number, int))
    assert given == list(range(1, 21))
    async with store.transaction(stranger_id) as tickets:
        assert await tickets.next_number() == 1


async def test_events_get_their_places_in_order(store: TicketStore, tenant_id: TenantId) -> None:
    ticket = await kept(store, tenant_id, an_opening())
    comment = commented(ticket, a_comment(ticket, ALEX, is_internal=True), by_customer=False)
    await keep(store, tenant_id, comment, moved(ticket, Verb.RESOLVE, ACT))
    async with store.reading(tenant_id) as tickets:
        events = await tickets.list_events(EventQuery(limit=9, with_internal=True))
        assert [(event.seq, event.kind) for event in events] == [
            (1, "OPENED"),
            (2, "COMMENTED"),
            (3, "RESOLVED"),
        ]
        assert replace(events[1], seq=0) == comment.events[0]
        assert await tickets.last_seq() == 3


async def test_events_are_asked_for_by_ticket_requester_and_place(
    store: TicketStore, tenant_id: TenantId
) -> None:
    annas = await kept(store, tenant_id, an_opening(1))
    bens = await kept(store, tenant_id, an_opening(2, requester_id=BEN))
    note = commented(annas, a_comment(annas, ALEX, is_internal=True), by_customer=False)
    await keep(store, tenant_id, note, moved(bens, Verb.PEND, ACT), moved(annas, Verb.PEND, ACT))

    async def places(query: EventQuery) -> list[int]:
        async with store.reading(tenant_id) as tickets:
            return [event.seq for event in await tickets.list_events(query)]

    assert await places(EventQuery(limit=9, with_internal=True)) == [1, 2, 3, 4, 5]
    assert await places(EventQuery(limit=2, after_seq=1, with_internal=True)) == [2, 3]
    assert await places(EventQuery(limit=9)) == [1, 2, 4, 5]
    assert await places(EventQuery(limit=9, ticket_id=bens.ticket_id)) == [2, 4]
    assert await places(EventQuery(limit=9, requester_id=ANNA)) == [1, 5]


async def test_events_become_visible_in_the_order_of_their_places(
    store: TicketStore, tenant_id: TenantId
) -> None:
    """Whoever resumes behind the last place that they saw misses nothing."""
    openings = [an_opening(number) for number in range(1, 26)]
    seen: list[int] = []

    async def watch() -> None:
        while len(seen) < len(openings):
            async with store.reading(tenant_id) as tickets:
                after_seq = seen[-1] if seen else 0
                events = await tickets.list_events(EventQuery(limit=9, after_seq=after_seq))
            seen.extend(event.seq for event in events)
            await asyncio.sleep(0)

    async with asyncio.timeout(30):
        await asyncio.gather(watch(), *(keep(store, tenant_id, one) for one in openings))
    assert seen == list(range(1, 26))


@pytest.mark.parametrize("field", OrderField)
@pytest.mark.parametrize("is_descending", [True, False])
async def test_pages_hold_each_ticket_once_while_others_arrive(
    store: TicketStore, tenant_id: TenantId, field: OrderField, is_descending: bool
) -> None:
    order = Order(field, is_descending=is_descending)
    priorities = list(TicketPriority)
    openings = [
        an_opening(
            number,
            time=NOON + timedelta(seconds=number // 3),
            priority=priorities[number % 4],
        )
        for number in range(1, 12)
    ]
    await keep(store, tenant_id, *openings)
    found: list[Ticket] = []
    after: TicketCursor | None = None
    while True:
        async with store.reading(tenant_id) as tickets:
            page = await tickets.list_tickets(TicketQuery(limit=4, order=order, after=after))
        if not page:
            break
        found.extend(page)
        after = TicketCursor(getattr(page[-1], field), page[-1].ticket_id)
        if len(found) < 12:
            await keep(store, tenant_id, an_opening(100 + len(found)))
    expected = sorted(
        (opening.ticket for opening in openings),
        key=lambda ticket: (getattr(ticket, field), ticket.ticket_id),
        reverse=is_descending,
    )
    assert [ticket for ticket in found if ticket.number < 100] == expected
    assert len({ticket.ticket_id for ticket in found}) == len(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [1, 2, 3]),
        ("status = NEW", [1]),
        ("status != NEW", [2, 3]),
        ("priority = URGENT", [2]),
        ("priority != URGENT AND status = PENDING", [3]),
        ("tags:vpn", [1, 2]),
        ("tags = vpn AND tags = mfa", [2]),
        ("tags != vpn", [3]),
        ("assignee_id = alex", [2]),
        ("assignee_id != alex", [1, 3]),
        ('assignee_id = ""', [1, 3]),
        ('assignee_id != ""', [2]),
        ("requester_id = ben", [3]),
        ("requester_id != ben", [1, 2]),
        ('requester_id = "\' OR 1=1 --"', []),
        ("NOT assignee_id = alex", [1, 3]),
        ('NOT assignee_id = ""', [2]),
        ("assignee_id = me", [2]),
        ("status = NEW OR status = PENDING", [1, 3]),
        ("status = NEW OR tags:mfa", [1, 2]),
        ("NOT (status = NEW OR assignee_id = alex)", [3]),
        ("-tags:vpn", [3]),
        ("priority > NORMAL", [2]),
        ("priority <= NORMAL", [1, 3]),
        ("number >= 2 number < 3", [2]),
        ("number = #3", [3]),
        ("create_time >= 2020-01-01 AND create_time < 2199-01-01T00:00:00Z", [1, 2, 3]),
        ("update_time < 2020-01-01", []),
    ],
)
async def test_a_filter_finds_what_it_says(
    store: TicketStore, tenant_id: TenantId, text: str, expected: Sequence[int]
) -> None:
    second = an_opening(2, tags=("vpn", "mfa"), priority=TicketPriority.URGENT)
    third = an_opening(3, requester_id=BEN)
    await keep(store, tenant_id, an_opening(1, tags=("vpn",)), second, third)
    given, pended = assigned(second.ticket, ALEX, ACT), moved(third.ticket, Verb.PEND, ACT)
    await keep(store, tenant_id, given, pended)
    order = Order(OrderField.NUMBER, is_descending=False)
    query = TicketQuery(limit=9, where=parse_filter(text, ALEX), order=order)
    assert await numbers(store, tenant_id, query) == list(expected)


async def test_a_requester_has_only_their_own(store: TicketStore, tenant_id: TenantId) -> None:
    await keep(store, tenant_id, an_opening(1), an_opening(2, requester_id=BEN))
    assert await numbers(store, tenant_id, TicketQuery(limit=9, requester_id=BEN)) == [2]


async def test_comments_come_oldest_first_page_by_page(
    store: TicketStore, tenant_id: TenantId
) -> None:
    ticket = await kept(store, tenant_id, an_opening())
    other = await kept(store, tenant_id, an_opening(2))
    comments = [
        a_comment(ticket, ALEX, is_internal=place == 1, time=NOON + timedelta(seconds=place // 2))
        for place in range(5)
    ]
    for comment in (*comments, a_comment(other)):
        async with store.transaction(tenant_id) as tickets:
            current = await tickets.find_to_change(comment.ticket_id)
            assert current is not None
            await tickets.keep(commented(current, comment, by_customer=False))
    async with store.reading(tenant_id) as tickets:
        everything = await tickets.list_comments(
            ticket.ticket_id, limit=9, after=None, with_internal=True
        )
        public = await tickets.list_comments(
            ticket.ticket_id, limit=9, after=None, with_internal=False
        )
        rest = await tickets.list_comments(
            ticket.ticket_id,
            limit=2,
            after=CommentCursor(everything[1].create_time, everything[1].comment_id),
            with_internal=True,
        )
    assert everything == sorted(comments, key=lambda one: (one.create_time, one.comment_id))
    assert public == [comment for comment in everything if not comment.is_internal]
    assert rest == everything[2:4]


async def test_a_listener_hears_of_commits_and_of_nothing_else(
    store: TicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    async def fail() -> None:
        async with store.transaction(tenant_id) as tickets:
            await tickets.keep(an_opening())
            raise LookupError

    with store.listening(tenant_id) as news:
        await keep(store, stranger_id, an_opening())
        with pytest.raises(LookupError):
            await fail()
        assert not news.is_set()
        await keep(store, tenant_id, an_opening())
        assert news.is_set()


async def test_files_are_listed_counted_and_taken_away(
    store: TicketStore, tenant_id: TenantId
) -> None:
    ticket, other = [await kept(store, tenant_id, an_opening(number)) for number in (1, 2)]
    files = [
        an_attachment(ticket, sha256="aa" * 32),
        an_attachment(ticket, is_internal=True, sha256="bb" * 32, time=ACT.time),
        an_attachment(other, sha256="aa" * 32),
    ]
    before = {ticket.ticket_id: ticket, other.ticket_id: other}
    for file in files:
        change = attached(before[file.ticket_id], file, ACT)
        await keep(store, tenant_id, change)
        before[file.ticket_id] = change.ticket
    comment = a_comment(ticket, ANNA)
    (named,) = named_by(comment, files[:1])
    of_comment = commented(
        before[ticket.ticket_id], comment, by_customer=True, attachments=(named,)
    )
    await keep(store, tenant_id, of_comment)

    async def listed(*, with_internal: bool) -> list[Attachment]:
        async with store.reading(tenant_id) as tickets:
            return await tickets.list_attachments(
                ticket.ticket_id, limit=9, after=None, with_internal=with_internal
            )

    assert await listed(with_internal=True) == [named, files[1]]
    assert await listed(with_internal=False) == [named]
    async with store.reading(tenant_id) as tickets:
        cursor = AttachmentCursor(named.create_time, named.attachment_id)
        assert await tickets.list_attachments(
            ticket.ticket_id, limit=9, after=cursor, with_internal=True
        ) == [files[1]]
        hidden = files[1].attachment_id
        find = tickets.find_attachment
        assert await find(ticket.ticket_id, hidden, with_internal=True) == files[1]
        assert await find(ticket.ticket_id, hidden, with_internal=False) is None
        assert await find(other.ticket_id, hidden, with_internal=True) is None
        assert await tickets.attachments_of_comment(comment.comment_id) == [named]
        assert await tickets.attachment_usage(ticket.ticket_id) == AttachmentUsage(3000, 2)
        hashes = ["aa" * 32, "bb" * 32, "cc" * 32]
        assert await tickets.hashes_in_use(hashes) == {*hashes[:2]}
    await keep(store, tenant_id, detached(of_comment.ticket, named, ACT))
    await keep(store, tenant_id, detached(before[other.ticket_id], files[2], ACT))
    assert await listed(with_internal=True) == [files[1]]
    async with store.reading(tenant_id) as tickets:
        assert await tickets.hashes_in_use(hashes) == {"bb" * 32}
        events = await tickets.list_events(EventQuery(limit=99, with_internal=True))
        assert fold_attachments(events) == {files[1].attachment_id: files[1]}
