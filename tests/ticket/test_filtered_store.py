"""What a filter means and what the stores find by it, on SQLite and on PostgreSQL too."""

import random
from collections.abc import Sequence

import pytest

from services.mesh.caller import TenantId
from services.mesh.ids import new_id
from services.ticket.domain import Act, Ticket, TicketContent, opened
from services.ticket.filter.parser import parse_filter
from services.ticket.filter.query import Order, OrderField
from services.ticket.ports.tickets import TicketCursor, TicketQuery, TicketStore
from services.ticket.store import conditions, words
from services.ticket.store.conditions import branches_of
from tests.ticket.builders import ALEX, ANNA, NOON, an_opening
from tests.ticket.fakes import holds
from tests.ticket.random_filters import random_expression, random_opening
from tests.ticket.test_store import keep, numbers

BY_NUMBER = Order(OrderField.NUMBER, is_descending=False)


@pytest.fixture(
    params=[(0, 0), (0, conditions.MOST_TOGETHER), (words.MOST_NAMED, conditions.MOST_TOGETHER)],
    ids=["one by one", "together", "named"],
)
def most_named(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All ways of finding words: by asking for each ticket, for all at once, by naming them."""
    most_named, most_together = request.param
    monkeypatch.setattr(words, "MOST_NAMED", most_named)
    monkeypatch.setattr(conditions, "MOST_TOGETHER", most_together)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("printer", [1, 2]),
        ("PRINTER jam", [2]),
        ('"paper jam"', [2]),
        ("print*", [1, 2, 3]),
        ("printer -jam", [1]),
        ("jam OR printing", [2, 3]),
        ("NOT printer", [3]),
        ("printer AND number > 1", [2]),
        ("scanner", []),
        ("scanner OR jam", [2]),
        ("Straße", [3]),
        ("strasse", [3]),
    ],
)
@pytest.mark.usefixtures("most_named")
async def test_words_are_found_where_they_stand(
    store: TicketStore,
    tenant_id: TenantId,
    text: str,
    expected: Sequence[int],
) -> None:
    contents = [
        TicketContent("Printer", "It is offline."),
        TicketContent("The printer again", "A paper jam."),
        TicketContent("No printing", "In the Straße."),
    ]
    openings = [
        opened(new_id(), number, content, Act(ANNA, NOON), None)
        for number, content in enumerate(contents, 1)
    ]
    await keep(store, tenant_id, *openings)
    query = TicketQuery(limit=9, where=parse_filter(text, ALEX), order=BY_NUMBER)
    assert await numbers(store, tenant_id, query) == list(expected)


async def test_words_of_another_tenant_find_nothing(
    store: TicketStore, tenant_id: TenantId
) -> None:
    await keep(store, TenantId(f"other-{tenant_id}"), an_opening(1))
    await keep(store, tenant_id, an_opening(2))
    query = TicketQuery(limit=9, where=parse_filter("noon", ALEX))
    assert await numbers(store, tenant_id, query) == [2]


async def test_any_expression_means_the_same_in_sql(
    store: TicketStore, tenant_id: TenantId
) -> None:
    dice = random.Random(20261128)  # noqa: S311  the same ones each time
    changes = [random_opening(dice, number) for number in range(1, 40)]
    await keep(store, tenant_id, *changes)
    for _ in range(150):
        where = random_expression(dice, depth=3)
        query = TicketQuery(limit=99, where=where, order=BY_NUMBER)
        meant = [change.ticket.number for change in changes if holds(where, change.ticket)]
        assert await numbers(store, tenant_id, query) == meant, where


@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("field", [OrderField.CREATE_TIME, OrderField.NUMBER, OrderField.PRIORITY])
async def test_pages_of_several_statuses_follow_one_another(
    store: TicketStore, tenant_id: TenantId, field: OrderField, *, is_descending: bool
) -> None:
    """Each status is asked for by itself, and the pages are of all of them together."""
    dice = random.Random(20261129)  # noqa: S311  the same ones each time
    changes = [random_opening(dice, number) for number in range(1, 60)]
    await keep(store, tenant_id, *changes)
    where = parse_filter(
        "priority = HIGH AND (status = NEW OR status = OPEN OR status = NEW)", ALEX
    )
    assert len(branches_of(where)) == 2
    order = Order(field, is_descending=is_descending)
    found: list[Ticket] = []
    after = None
    while len(found) % 3 == 0:
        async with store.reading(tenant_id) as tickets:
            query = TicketQuery(limit=3, where=where, order=order, after=after)
            page = await tickets.list_tickets(query)
        if not page:
            break
        found += page
        after = TicketCursor(getattr(page[-1], field), page[-1].ticket_id)
    meant = [change.ticket for change in changes if holds(where, change.ticket)]
    meant.sort(key=lambda ticket: (getattr(ticket, field), ticket.ticket_id), reverse=is_descending)
    assert len({ticket.status for ticket in meant}) == 2
    assert [ticket.number for ticket in found] == [ticket.number for ticket in meant]
