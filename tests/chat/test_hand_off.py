from dataclasses import replace

import pytest

from services.chat.domain import AnswerOutcome, ChatSession, Message
from services.chat.errors import SessionEmpty, SessionHandedOff
from services.chat.ports import ChatParts, OpenedTicket, TicketOrder
from services.chat.use_cases import (
    AskedQuestion,
    create_session,
    get_session,
    hand_off_session,
    list_messages,
    send_message,
    stream_message,
)
from services.mesh.errors import PeerUnavailable
from tests.chat.fakes import FakeTicketDesk
from tests.chat.world import World

HOW = "How do I get access to Slack as a new hire?"


async def _said(parts: ChatParts, session_id: str) -> list[Message]:
    return await list_messages(parts, session_id, after_position=0, limit=100)


async def _asked(parts: ChatParts) -> ChatSession:
    answer = await send_message(parts, AskedQuestion(HOW))
    return await get_session(parts, answer.session_id)


async def test_a_hand_off_opens_a_ticket_with_the_conversation(world: World) -> None:
    session = await _asked(world.parts())

    handed_off = await hand_off_session(world.parts(), session.session_id, "It did not help.")

    (order,) = world.desk.orders.values()
    assert handed_off.ticket_id == "ticket-1"
    assert order.subject == HOW
    assert order.body == f"It did not help.\n\n{HOW}"
    assert order.transcript.startswith(f"User: {HOW}\n\nHelpdesk: ")
    assert order.chat_session_id == session.session_id
    *_, notice = await _said(world.parts(), session.session_id)
    assert notice.outcome is AnswerOutcome.HANDED_OFF
    assert "#1" in notice.text


async def test_a_hand_off_happens_once(world: World) -> None:
    session = await _asked(world.parts())

    first = await hand_off_session(world.parts(), session.session_id, "Why not.")
    again = await hand_off_session(world.parts(), session.session_id, "Other words.")

    assert again == first
    assert len(world.desk.orders) == 1
    assert len(await _said(world.parts(), session.session_id)) == 3


async def test_a_hand_off_whose_reply_was_lost_opens_no_second_ticket(world: World) -> None:
    session = await _asked(world.parts())
    world.desk.loses_reply = True
    with pytest.raises(ConnectionResetError):
        await hand_off_session(world.parts(), session.session_id, "First words.")
    world.desk.loses_reply = False
    await send_message(world.parts(), AskedQuestion(HOW, session.session_id))

    handed_off = await hand_off_session(world.parts(), session.session_id, "Other words.")

    assert handed_off.ticket_id == "ticket-1"
    assert len(world.desk.orders) == 1


async def test_a_long_conversation_still_fits_a_ticket(world: World) -> None:
    world.knowledge.passages = ()
    session = await create_session(world.parts())
    for _ in range(30):
        await send_message(world.parts(), AskedQuestion("long " * 790, session.session_id))

    await hand_off_session(world.parts(), session.session_id, "")

    (order,) = world.desk.orders.values()
    assert len(order.subject) <= 200
    assert len(order.transcript) <= 100_000
    assert order.transcript.endswith("to a person.")


async def test_a_session_without_a_message_is_not_handed_off(world: World) -> None:
    session = await create_session(world.parts())

    with pytest.raises(SessionEmpty):
        await hand_off_session(world.parts(), session.session_id, "Now!")


async def test_a_handed_off_session_takes_no_more_questions(world: World) -> None:
    session = await _asked(world.parts())
    await hand_off_session(world.parts(), session.session_id, "")

    with pytest.raises(SessionHandedOff):
        await send_message(world.parts(), AskedQuestion(HOW, session.session_id))


async def test_an_answer_that_comes_after_a_hand_off_is_not_kept(world: World) -> None:
    session = await _asked(world.parts())
    stream = stream_message(world.parts(), AskedQuestion(HOW, session.session_id))
    await anext(aiter(stream))

    await hand_off_session(world.parts(), session.session_id, "")

    with pytest.raises(SessionHandedOff):
        _ = [event async for event in stream]
    *_, last = await _said(world.parts(), session.session_id)
    assert last.outcome is AnswerOutcome.HANDED_OFF


async def test_a_wish_for_a_person_is_a_hand_off(world: World) -> None:
    session = await _asked(world.parts())
    wish = AskedQuestion("Can I talk to a person, please?", session.session_id, "request-1")

    answer = await send_message(world.parts(), wish)

    assert answer.outcome is AnswerOutcome.HANDED_OFF
    assert "#1" in answer.text
    (order,) = world.desk.orders.values()
    assert order.subject == HOW
    assert order.body == wish.text
    assert (await get_session(world.parts(), session.session_id)).ticket_id == "ticket-1"
    assert await send_message(world.parts(), wish) == answer


async def test_a_wish_whose_ticket_failed_can_be_repeated(world: World) -> None:
    wish = AskedQuestion("agent please", request_id="request-1")
    world.desk.failure = PeerUnavailable("Ticket does not answer.")
    with pytest.raises(PeerUnavailable):
        await send_message(world.parts(), wish)
    world.desk.failure = None

    answer = await send_message(world.parts(), wish)

    assert answer.outcome is AnswerOutcome.HANDED_OFF
    assert len(world.desk.orders) == 1


async def test_a_wish_that_meets_a_finished_hand_off_is_refused(world: World) -> None:
    session = await _asked(world.parts())
    wish = stream_message(world.parts(), AskedQuestion("agent please", session.session_id))
    await anext(aiter(wish))
    await hand_off_session(world.parts(), session.session_id, "")

    with pytest.raises(SessionHandedOff):
        _ = [event async for event in wish]
    assert len(world.desk.orders) == 1


async def test_two_wishes_at_once_leave_one_ticket_and_one_notice(world: World) -> None:
    asked = AskedQuestion("agent please", request_id="request-1")
    slow = stream_message(world.parts(), asked)
    await anext(aiter(slow))
    session_id = (await send_message(world.parts(), asked)).session_id

    with pytest.raises(SessionHandedOff):
        _ = [event async for event in slow]
    assert len(world.desk.orders) == 1
    assert len(await _said(world.parts(), session_id)) == 2


async def test_a_hand_off_that_finishes_while_a_wish_opens_its_ticket_wins(world: World) -> None:
    session = await _asked(world.parts())

    class OvertakenDesk(FakeTicketDesk):
        async def open_ticket(self, order: TicketOrder) -> OpenedTicket:
            await hand_off_session(world.parts(), session.session_id, "")
            return await super().open_ticket(order)

    parts = replace(world.parts(), desk=OvertakenDesk())
    with pytest.raises(SessionHandedOff):
        await send_message(parts, AskedQuestion("agent please", session.session_id))
    said = await _said(world.parts(), session.session_id)
    assert [each.outcome for each in said].count(AnswerOutcome.HANDED_OFF) == 1
