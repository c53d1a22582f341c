"""Which tickets are alike, and to whom they are shown: in memory, on SQLite and on PostgreSQL."""

from collections.abc import Mapping, Sequence

import pytest

from services.mesh.caller import Caller, TenantId, acting_as
from services.ticket.domain import Ticket, TicketContent, TicketStatus
from services.ticket.errors.tickets import TicketNotFound
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import ticketing
from services.ticket.use_cases.similar import (
    MOST_TICKETS,
    USUAL_TICKETS,
    SimilarTicket,
    list_similar_tickets,
)
from tests.ticket.builders import ANNA, BEN, TickingClock, a_customer, an_agent, an_opening

FILLING = "please look into it when there is time thanks"


class Counter:
    """Where a tenant's tickets are opened and looked at."""

    def __init__(self, store: TicketStore, tenant_id: TenantId) -> None:
        self.store = store
        self.clock = TickingClock()
        self.anna = a_customer(ANNA, tenant_id)
        self.ben = a_customer(BEN, tenant_id)
        self.alex = an_agent(tenant_id=tenant_id)

    async def opened(self, subject: str, body: str = FILLING, by: Caller | None = None) -> Ticket:
        with acting_as(by or self.anna):
            return await ticketing.open_ticket(self.store, self.clock, TicketContent(subject, body))

    async def solved(self, ticket: Ticket, reply: str) -> None:
        with acting_as(self.alex):
            await ticketing.add_comment(
                self.store, self.clock, ticket.ticket_id, reply, is_internal=False
            )
            await ticketing.add_comment(
                self.store, self.clock, ticket.ticket_id, "Third time!", is_internal=True
            )
            await ticketing.resolve_ticket(self.store, self.clock, ticket.ticket_id, "")

    async def similar(
        self, ticket: Ticket, page_size: int = 0, by: Caller | None = None
    ) -> list[SimilarTicket]:
        with acting_as(by or self.alex):
            return await list_similar_tickets(self.store, ticket.ticket_id, page_size)


@pytest.fixture
def counter(store: TicketStore, tenant_id: TenantId) -> Counter:
    return Counter(store, tenant_id)


def numbers(found: Sequence[SimilarTicket]) -> list[int]:
    return [one.ticket.number for one in found]


async def test_the_nearest_come_first_with_the_words_that_they_share(counter: Counter) -> None:
    await counter.opened("Scanner offline on line 3")
    await counter.opened("Toner is empty")
    far = await counter.opened("Scanner is dirty")
    near = await counter.opened("The scanner on line 7 is offline")
    asked = await counter.opened("Scanner offline")
    found = await counter.similar(asked)
    assert numbers(found)[:2] == [1, near.number]
    assert numbers(found).index(far.number) > 1
    assert set(found[0].words[:2]) == {"scanner", "offline"}
    assert 1 >= found[0].score >= found[1].score > found[2].score > 0
    assert asked.number not in numbers(found)


async def test_what_the_same_words_say_is_wholly_alike(counter: Counter) -> None:
    await counter.opened("Scanner offline")
    [found] = await counter.similar(await counter.opened("Scanner offline"))
    assert found.score == pytest.approx(1)


async def test_solved_ones_come_first_and_say_how(counter: Counter) -> None:
    solved = await counter.opened("Scanner offline since the update")
    await counter.opened("Scanner offline")
    await counter.solved(solved, "Unplug it for a minute.")
    waiting, asked = await counter.opened("Toner empty"), await counter.opened("Scanner offline")
    with acting_as(counter.alex):
        await ticketing.add_comment(
            counter.store, counter.clock, waiting.ticket_id, "Is on its way.", is_internal=False
        )
    first, second, *_ = await counter.similar(asked)
    assert first.ticket.number == solved.number
    assert first.ticket.status is TicketStatus.RESOLVED
    assert first.reply is not None
    assert first.reply.body == "Unplug it for a minute."
    assert (second.ticket.number, second.reply) == (2, None)
    assert second.score > first.score


async def test_its_requesters_own_words_are_no_answer(counter: Counter) -> None:
    solved = await counter.opened("Scanner offline")
    await counter.solved(solved, "Unplug it.")
    with acting_as(counter.anna):
        await ticketing.add_comment(
            counter.store, counter.clock, solved.ticket_id, "Thanks!", is_internal=False
        )
    with acting_as(counter.alex):
        await ticketing.resolve_ticket(counter.store, counter.clock, solved.ticket_id, "")
    [found] = await counter.similar(await counter.opened("Scanner offline"))
    assert found.reply is not None
    assert found.reply.body == "Unplug it."


async def test_a_changed_ticket_is_found_by_what_it_says_now(counter: Counter) -> None:
    changed = await counter.opened("Scanner offline")
    await counter.opened("Scanner broken")
    with acting_as(counter.alex):
        await ticketing.update_ticket(
            counter.store,
            counter.clock,
            changed.ticket_id,
            TicketContent("Toner gone", "Nothing else."),
            paths=["subject", "body"],
            etag="",
        )
    assert numbers(await counter.similar(await counter.opened("Scanner", ""))) == [2]
    assert numbers(await counter.similar(await counter.opened("Toner", ""))) == [changed.number]


async def test_a_ticket_that_was_not_kept_left_no_words(
    store: TicketStore, tenant_id: TenantId
) -> None:
    async def keep(*, fails: bool) -> None:
        async with store.transaction(tenant_id) as tickets:
            await tickets.keep(an_opening())
            if fails:
                raise LookupError

    async def counted() -> Mapping[str, int]:
        async with store.reading(tenant_id) as tickets:
            return (await tickets.count_words(["noon", "wi"])).by_word

    with pytest.raises(LookupError):
        await keep(fails=True)
    assert await counted() == {}
    await keep(fails=False)
    assert await counted() == {"noon": 1, "wi": 1}


async def test_customers_are_shown_their_own_alone(counter: Counter) -> None:
    await counter.opened("Scanner offline", by=counter.ben)
    own = await counter.opened("Scanner offline")
    asked = await counter.opened("Scanner offline")
    assert numbers(await counter.similar(asked)) == [own.number, 1]
    assert numbers(await counter.similar(asked, by=counter.anna)) == [own.number]
    with pytest.raises(TicketNotFound):
        await counter.similar(asked, by=counter.ben)


async def test_customers_cannot_tell_how_rare_a_word_is_elsewhere(counter: Counter) -> None:
    own = await counter.opened("Merger scanner", "")
    asked = await counter.opened("Merger toner", "")
    [before] = await counter.similar(asked, by=counter.anna)
    agents_before = (await counter.similar(asked))[0].score
    for _ in range(4):
        await counter.opened("Merger toner", "", by=counter.ben)
    [after] = await counter.similar(asked, by=counter.anna)
    assert before.ticket.number == own.number
    assert before.score == pytest.approx(after.score)
    # The control: whoever sees all tickets is told.
    [elsewhere] = [
        one for one in await counter.similar(asked, 9) if one.ticket.number == own.number
    ]
    assert elsewhere.score != pytest.approx(agents_before)


async def test_a_tenants_tickets_are_not_like_anothers(
    counter: Counter, store: TicketStore, stranger_id: TenantId
) -> None:
    await counter.opened("Scanner offline")
    stranger = Counter(store, stranger_id)
    asked = await stranger.opened("Scanner offline")
    assert await stranger.similar(asked) == []
    assert numbers(await counter.similar(await counter.opened("Scanner offline"))) == [1]


@pytest.mark.parametrize(("page_size", "count"), [(0, USUAL_TICKETS), (3, 3), (99, MOST_TICKETS)])
async def test_as_many_come_as_were_asked_for(counter: Counter, page_size: int, count: int) -> None:
    for _ in range(MOST_TICKETS + 2):
        asked = await counter.opened("Scanner offline")
    found = await counter.similar(asked, page_size)
    # Of those that are equally alike the newest.
    assert numbers(found) == [*range(asked.number - 1, asked.number - 1 - count, -1)]


@pytest.mark.parametrize("subject", ["???", "Unheard"])
async def test_a_ticket_without_a_word_that_others_have_is_like_none(
    counter: Counter, subject: str
) -> None:
    await counter.opened("Scanner offline")
    assert await counter.similar(await counter.opened(subject, "")) == []


async def test_the_commonest_words_are_not_read(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in ("Scanner", "Scanner", "Toner"):
        await counter.opened(subject)
    asked = await counter.opened("Scanner")
    assert "please" in (await counter.similar(asked))[0].words
    monkeypatch.setattr("services.ticket.use_cases.similar.MOST_ROWS_READ", 4)
    assert [[*one.words] for one in await counter.similar(asked)] == [["scanner"]] * 2
