"""Which articles are suggested for a ticket, and to whom."""

from dataclasses import replace

import pytest

from services.mesh.caller import acting_as
from services.ticket.domain import TicketContent, TicketPriority
from services.ticket.errors.tickets import TicketNotFound
from services.ticket.use_cases.suggesting import (
    LONGEST_QUESTION,
    MOST_ARTICLES,
    USUAL_ARTICLES,
    suggest_articles,
)
from tests.ticket.builders import BEN, a_customer, an_agent
from tests.ticket.desk import Desk
from tests.ticket.knowledge import PRINTER, VPN, FakeKnowledge


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def knowledge() -> FakeKnowledge:
    return FakeKnowledge()


async def test_each_article_comes_once_by_its_best_passage(
    desk: Desk, knowledge: FakeKnowledge
) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        found = await suggest_articles(desk.store, knowledge, ticket.ticket_id, 0)
    assert [*found.articles] == [VPN, PRINTER]
    assert knowledge.questions == ["No Wi-Fi\nGone since noon."]


@pytest.mark.parametrize(("page_size", "count"), [(0, USUAL_ARTICLES), (3, 3), (50, MOST_ARTICLES)])
async def test_as_many_come_as_were_asked_for(
    desk: Desk, knowledge: FakeKnowledge, page_size: int, count: int
) -> None:
    knowledge.passages = tuple(replace(VPN, document_id=f"doc-{one}") for one in range(40))
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        found = await suggest_articles(desk.store, knowledge, ticket.ticket_id, page_size)
    assert [one.document_id for one in found.articles] == [f"doc-{one}" for one in range(count)]


async def test_a_long_ticket_asks_with_its_beginning(desk: Desk, knowledge: FakeKnowledge) -> None:
    content = TicketContent("No Wi-Fi", "gone " * 5_000, TicketPriority.LOW, ())
    ticket = await desk.opened_by(a_customer(), content)
    with acting_as(an_agent()):
        await suggest_articles(desk.store, knowledge, ticket.ticket_id, 0)
    (question,) = knowledge.questions
    assert question.startswith("No Wi-Fi\ngone gone")
    assert len(question) == LONGEST_QUESTION


async def test_that_the_index_was_down_is_passed_on(desk: Desk, knowledge: FakeKnowledge) -> None:
    knowledge.degraded = True
    ticket = await desk.opened_by(a_customer())
    with acting_as(an_agent()):
        assert (await suggest_articles(desk.store, knowledge, ticket.ticket_id, 0)).degraded


async def test_a_ticket_that_the_caller_does_not_see_asks_nothing(
    desk: Desk, knowledge: FakeKnowledge
) -> None:
    ticket = await desk.opened_by(a_customer())
    with acting_as(a_customer(BEN)), pytest.raises(TicketNotFound):
        await suggest_articles(desk.store, knowledge, ticket.ticket_id, 0)
    assert not knowledge.questions
