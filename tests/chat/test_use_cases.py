from dataclasses import replace

import pytest

from services.chat.domain import (
    AnswerDelta,
    AnswerDone,
    AnswerEvent,
    AnswerOutcome,
    AnswerStarted,
    ChatSession,
    CitationAdded,
    Message,
    MessageRole,
)
from services.chat.errors import (
    QuestionEmpty,
    SessionNotFound,
)
from services.chat.ports import ChatParts, FoundPassages, OpenedTicket, TicketOrder
from services.chat.use_cases import (
    AskedQuestion,
    create_session,
    get_session,
    hand_off_session,
    list_messages,
    send_message,
    stream_message,
)
from services.mesh.caller import Caller, acting_as
from services.mesh.errors import PeerUnavailable, RequestIdReused
from tests.chat.builders import (
    BOB,
    GUS,
    a_passage,
    a_statement,
    a_version,
)
from tests.chat.fakes import FakeKnowledge, FakeTicketDesk, ScriptedModel
from tests.chat.world import World

HOW = "How do I get access to Slack as a new hire?"
STRANGERS = pytest.mark.parametrize("stranger", [BOB, GUS], ids=["same tenant", "other tenant"])


async def _events(parts: ChatParts, asked: AskedQuestion) -> list[AnswerEvent]:
    return [event async for event in stream_message(parts, asked)]


async def _said(parts: ChatParts, session_id: str) -> list[Message]:
    return await list_messages(parts, session_id, after_position=0, limit=100)


async def _asked(parts: ChatParts, text: str = HOW) -> ChatSession:
    answer = await send_message(parts, AskedQuestion(text))
    return await get_session(parts, answer.session_id)


async def test_a_question_is_answered_with_citations_and_both_are_kept(world: World) -> None:
    answer = await send_message(world.parts(), AskedQuestion(HOW))

    assert answer.outcome is AnswerOutcome.ANSWERED
    assert "1. Open the Slack page in your browser. [" in answer.text
    content = a_version().content
    for citation in answer.citations:
        assert content[citation.start : citation.end] == citation.quote
        assert f"[{citation.number}]" in answer.text
    question, kept = await _said(world.parts(), answer.session_id)
    assert (question.role, question.text) == (MessageRole.USER, HOW)
    assert kept == answer


async def test_a_stream_starts_at_once_and_its_pieces_are_the_answer(world: World) -> None:
    events = await _events(world.parts(), AskedQuestion(HOW))

    started, *between, done = events
    assert isinstance(started, AnswerStarted)
    assert isinstance(done, AnswerDone)
    assert (started.session_id, started.message_id) == (
        done.message.session_id,
        done.message.message_id,
    )
    deltas = [event.text for event in between if isinstance(event, AnswerDelta)]
    assert len(deltas) > 1
    assert "".join(deltas) == done.message.text
    cited = tuple(event.citation for event in between if isinstance(event, CitationAdded))
    assert cited == done.message.citations


async def test_nothing_is_looked_up_before_the_start_was_told(world: World) -> None:
    stream = stream_message(world.parts(), AskedQuestion(HOW))

    await anext(aiter(stream))

    assert world.knowledge.queries == []


async def test_no_transaction_is_open_while_peers_are_asked(world: World) -> None:
    open_during_calls: list[bool] = []

    class Watching(FakeKnowledge):
        async def find_passages(self, question: str) -> FoundPassages:
            open_during_calls.append(world.store.is_in_transaction)
            return await super().find_passages(question)

    class WatchingDesk(FakeTicketDesk):
        async def open_ticket(self, order: TicketOrder) -> OpenedTicket:
            open_during_calls.append(world.store.is_in_transaction)
            return await super().open_ticket(order)

    parts = replace(world.parts(), retriever=Watching(), desk=WatchingDesk())
    session = await _asked(parts)
    await hand_off_session(parts, session.session_id, "")

    assert open_during_calls == [False, False]


async def test_what_no_article_answers_is_not_answered(world: World) -> None:
    world.knowledge.passages = (a_passage(similarity=0.05, coverage=0.0),)

    answer = await send_message(world.parts(), AskedQuestion("What melts tungsten?"))

    assert answer.outcome is AnswerOutcome.NOT_FOUND
    assert answer.citations == ()
    assert [article.title for article in answer.nearest_articles] == ["Slack"]
    assert "could not find" in answer.text


async def test_an_empty_knowledge_base_is_said_plainly(world: World) -> None:
    world.knowledge.passages = ()

    answer = await send_message(world.parts(), AskedQuestion(HOW))

    assert answer.outcome is AnswerOutcome.NOT_FOUND
    assert answer.nearest_articles == ()
    assert "named below" not in answer.text


@pytest.mark.parametrize("in_another_language", [True, False])
async def test_a_question_in_another_language_is_told_so_when_nothing_is_found(
    world: World, in_another_language: bool
) -> None:
    world.knowledge.passages = (a_passage(similarity=0.05, coverage=0.0),)
    world.knowledge.in_another_language = in_another_language

    answer = await send_message(world.parts(), AskedQuestion("Wie komme ich an Slack?"))

    assert answer.outcome is AnswerOutcome.NOT_FOUND
    assert ("in another language" in answer.text) is in_another_language


async def test_lies_are_dropped_and_the_truth_is_kept(world: World) -> None:
    truth = a_statement("Slack is a chat tool.", a_passage())
    lie = replace(truth, evidence=(replace(truth.evidence[0], quote="Slack is a cat tool."),))

    answer = await send_message(world.parts(ScriptedModel(lie, truth)), AskedQuestion(HOW))

    assert answer.text == "Slack is a chat tool. [1]"


async def test_a_model_that_only_lies_answers_nothing(world: World) -> None:
    truth = a_statement("Slack is a chat tool.", a_passage())
    lie = replace(truth, evidence=())

    answer = await send_message(world.parts(ScriptedModel(lie)), AskedQuestion(HOW))

    assert answer.outcome is AnswerOutcome.NOT_FOUND


async def test_a_session_goes_on(world: World) -> None:
    session = await create_session(world.parts())

    for _ in range(2):
        await send_message(world.parts(), AskedQuestion(HOW, session.session_id))

    assert len(await _said(world.parts(), session.session_id)) == 4


async def test_a_follow_up_is_looked_up_with_the_question_before(world: World) -> None:
    session = await _asked(world.parts())

    await send_message(world.parts(), AskedQuestion("and in a browser?", session.session_id))

    assert world.knowledge.queries == [HOW, f"{HOW} and in a browser?"]


@pytest.mark.parametrize("text", ["", "  \n\t "])
async def test_a_blank_question_is_refused(world: World, text: str) -> None:
    with pytest.raises(QuestionEmpty):
        await send_message(world.parts(), AskedQuestion(text))


async def test_an_unknown_session_is_not_found(world: World) -> None:
    with pytest.raises(SessionNotFound):
        await send_message(world.parts(), AskedQuestion(HOW, "session-unknown"))


@STRANGERS
async def test_a_session_is_not_found_by_others(world: World, stranger: Caller) -> None:
    parts = world.parts()
    session_id = (await _asked(parts)).session_id

    with acting_as(stranger):
        with pytest.raises(SessionNotFound):
            await get_session(parts, session_id)
        with pytest.raises(SessionNotFound):
            await list_messages(parts, session_id, after_position=0, limit=10)
        with pytest.raises(SessionNotFound):
            await send_message(parts, AskedQuestion(HOW, session_id))
        with pytest.raises(SessionNotFound):
            await hand_off_session(parts, session_id, "")
    assert len(await _said(parts, session_id)) == 2


async def test_the_same_request_gets_the_stored_answer(world: World) -> None:
    asked = AskedQuestion(HOW, request_id="request-1")
    first = await send_message(world.parts(), asked)

    again = await _events(world.parts(), asked)

    assert again[0] == AnswerStarted(first.session_id, first.message_id)
    assert again[-1] == AnswerDone(first)
    assert len(world.knowledge.queries) == 1
    assert len(await _said(world.parts(), first.session_id)) == 2


async def test_an_answer_that_a_crash_prevented_is_made_by_the_same_request(world: World) -> None:
    asked = AskedQuestion(HOW, request_id="request-1")
    world.knowledge.failure = PeerUnavailable("Search does not answer.")
    with pytest.raises(PeerUnavailable):
        await send_message(world.parts(), asked)
    world.knowledge.failure = None

    answer = await send_message(world.parts(), asked)

    assert answer.outcome is AnswerOutcome.ANSWERED
    assert len(await _said(world.parts(), answer.session_id)) == 2


@pytest.mark.parametrize("change", [{"text": "Something else"}, {"session_id": "session-other"}])
async def test_a_request_id_is_good_for_one_question(world: World, change: dict[str, str]) -> None:
    asked = AskedQuestion(HOW, request_id="request-1")
    await send_message(world.parts(), asked)

    with pytest.raises(RequestIdReused):
        await send_message(world.parts(), replace(asked, **change))


@STRANGERS
async def test_a_request_id_belongs_to_its_user(world: World, stranger: Caller) -> None:
    asked = AskedQuestion(HOW, request_id="request-1")
    answer = await send_message(world.parts(), asked)

    with acting_as(stranger):
        others = await send_message(world.parts(), asked)

    assert others.session_id != answer.session_id


async def test_two_equal_requests_at_once_leave_one_answer(world: World) -> None:
    asked = AskedQuestion(HOW, request_id="request-1")
    slow = stream_message(world.parts(), asked)
    await anext(aiter(slow))

    quick = await send_message(world.parts(), asked)

    *_, last = [event async for event in slow]
    assert last == AnswerDone(quick)
    assert len(await _said(world.parts(), quick.session_id)) == 2
