"""Questions that no article answered, as an administrator sees them."""

from datetime import timedelta

import grpc
import pytest

from helpdesk.chat.v1 import chat_pb2, gap_service_pb2, gap_service_pb2_grpc
from services.chat.domain import AnswerOutcome, ChatSession, Message, MessageRole, NearestArticle
from services.chat.gaps import MOST_ARTICLES, MOST_EXAMPLES, USUAL_GAPS, GapReport, report_gaps
from services.mesh.caller import UserId, acting_as
from tests.chat.builders import ACME, ANN, NOW
from tests.chat.fakes import FakeGroups, FakeSessionStore
from tests.chat.served import PERMISSIONS, Chat
from tests.support.mesh_server import refused

VPN = NearestArticle("doc-vpn", "The VPN", "vpn.md")
BADGE = NearestArticle("doc-badge", "Badges", "badge.md")
REPORT_PERMISSIONS = {*PERMISSIONS, "chat.gaps.report"}


@pytest.fixture
def store() -> FakeSessionStore:
    return FakeSessionStore()


async def ask_in_vain(
    store: FakeSessionStore, text: str, *near: NearestArticle, days_ago: int = 0
) -> None:
    number, time = f"{text}-{days_ago}", NOW - timedelta(days=days_ago)
    question = Message(f"q-{number}", number, MessageRole.USER, text, time)
    answer = Message(
        f"a-{number}",
        number,
        MessageRole.ASSISTANT,
        "That is not in the knowledge base.",
        time,
        outcome=AnswerOutcome.NOT_FOUND,
        nearest_articles=near,
        answers=question.message_id,
    )
    async with store.writing(ACME) as records:
        await records.add_session(ChatSession(number, "user-bob", time))
        await records.add_message(question, UserId("user-bob"))
        await records.add_message(answer, UserId("user-bob"))


async def reported(store: FakeSessionStore, days: int = 0, page_size: int = 0) -> GapReport:
    with acting_as(ANN):
        return await report_gaps(store, FakeGroups(), lambda: NOW, days=days, page_size=page_size)


async def test_what_was_asked_most_comes_first_with_all_that_was_said(
    store: FakeSessionStore,
) -> None:
    await ask_in_vain(store, "parking for visitors?", BADGE, days_ago=5)
    await ask_in_vain(store, "vpn on a tablet?", VPN, days_ago=9)
    await ask_in_vain(store, "vpn for my phone?", VPN, BADGE, days_ago=2)
    report = await reported(store)
    vpn, parking = report.gaps
    assert report.question_count == 3
    assert (vpn.question, vpn.examples) == ("vpn for my phone?", ("vpn on a tablet?",))
    assert (vpn.count, parking.count) == (2, 1)
    assert vpn.first_time == NOW - timedelta(days=9)
    assert vpn.last_time == NOW - timedelta(days=2)
    assert vpn.nearest_articles == (VPN, BADGE)


async def test_the_same_wording_is_counted_and_not_repeated(store: FakeSessionStore) -> None:
    for days_ago in range(3):
        await ask_in_vain(store, "vpn on a tablet?", days_ago=days_ago)
    (gap,) = (await reported(store)).gaps
    assert (gap.count, gap.examples) == (3, ())


async def test_a_gap_shows_some_wordings_and_some_articles(store: FakeSessionStore) -> None:
    for number in range(9):
        article = NearestArticle(f"doc-{number}", "Title", "a.md")
        await ask_in_vain(store, f"vpn {number}?", article)
    (gap,) = (await reported(store)).gaps
    assert (len(gap.examples), len(gap.nearest_articles)) == (MOST_EXAMPLES, MOST_ARTICLES)


async def test_only_the_days_asked_for_are_looked_at(store: FakeSessionStore) -> None:
    for days_ago in (1, 20, 40):
        await ask_in_vain(store, "vpn on a tablet?", days_ago=days_ago)
    assert (await reported(store)).question_count == 2
    assert (await reported(store, days=7)).question_count == 1
    assert (await reported(store, days=60)).question_count == 3


async def test_as_many_gaps_come_as_were_asked_for(store: FakeSessionStore) -> None:
    for number in range(USUAL_GAPS + 5):
        await ask_in_vain(store, f"subject{number} ?")
    assert len((await reported(store)).gaps) == USUAL_GAPS
    assert len((await reported(store, page_size=3)).gaps) == 3


async def test_without_a_question_nobody_is_asked_for_groups(store: FakeSessionStore) -> None:
    assert await reported(store) == GapReport((), 0)


async def test_a_question_in_vain_appears_to_who_may_see_it(chat: Chat) -> None:
    await chat.ask()
    chat.world.knowledge.passages = ()
    question = "What is the boiling point of tungsten?"
    answer = await chat.ask(question)
    assert answer.outcome == chat_pb2.ANSWER_OUTCOME_NOT_FOUND
    stub = gap_service_pb2_grpc.GapServiceStub(chat.server.channel())
    admin = chat.server.user(tenant_id="acme", user_id="eve", permissions=REPORT_PERMISSIONS)
    request = gap_service_pb2.ReportGapsRequest()
    report = await stub.ReportGaps(request, metadata=admin.metadata)
    assert [gap.question for gap in report.gaps] == [question]
    assert (report.question_count, report.gaps[0].count) == (1, 1)
    assert report.gaps[0].first_time == report.gaps[0].last_time
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await stub.ReportGaps(request, metadata=chat.ann.metadata)
    stranger = chat.server.user(tenant_id="globex", permissions=REPORT_PERMISSIONS)
    assert not (await stub.ReportGaps(request, metadata=stranger.metadata)).gaps
