"""Questions that are remembered, and those that are encoded together."""

import asyncio
from collections.abc import Sequence
from threading import Event

import numpy as np
import pytest

from services.search.errors import EncoderUnavailable
from services.search.ports import Vector
from services.search.questions import QUESTIONS_PER_BATCH, QuestionVectors


class SlowEncoder:
    """Notes what it was asked, and answers when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.has_begun, self.may_go_on = Event(), Event()
        self.error: Exception | None = None

    def encode(self, texts: Sequence[str]) -> Vector:
        self.batches.append([*texts])
        self.has_begun.set()
        assert self.may_go_on.wait(10)
        if self.error:
            raise self.error
        return np.array([[len(text), ord(text[0])] for text in texts], np.float32)


async def asked(vectors: QuestionVectors, *questions: str) -> list[asyncio.Task[Vector]]:
    tasks = [asyncio.create_task(vectors.of(question)) for question in questions]
    await asyncio.sleep(0)
    return tasks


@pytest.fixture
def encoder() -> SlowEncoder:
    return SlowEncoder()


async def test_a_repeated_question_is_answered_from_memory(encoder: SlowEncoder) -> None:
    encoder.may_go_on.set()
    vectors = QuestionVectors(encoder.encode)
    first = await vectors.of("printer")
    assert await vectors.of("printer") is first
    assert first.tolist() == [7, ord("p")]
    assert not first.flags.writeable
    assert encoder.batches == [["printer"]]


async def test_the_question_asked_for_longest_ago_is_forgotten_first(encoder: SlowEncoder) -> None:
    encoder.may_go_on.set()
    vectors = QuestionVectors(encoder.encode, most_remembered=2)
    for question in ("first", "second", "first", "third", "first", "second"):
        await vectors.of(question)
    assert encoder.batches == [["first"], ["second"], ["third"], ["second"]]


async def test_what_is_asked_while_a_batch_runs_makes_the_next_one(encoder: SlowEncoder) -> None:
    vectors = QuestionVectors(encoder.encode)
    alone = await asked(vectors, "alone")
    assert await asyncio.to_thread(encoder.has_begun.wait, 10)
    together = await asked(vectors, "vpn", "printer", "vpn", "alone")
    encoder.may_go_on.set()
    answers = [one.tolist() for one in await asyncio.gather(*alone, *together)]
    assert encoder.batches == [["alone"], ["vpn", "printer"]]
    assert answers == [[5, 97], [3, 118], [7, 112], [3, 118], [5, 97]]


async def test_no_batch_is_larger_than_what_one_asker_should_wait_for(encoder: SlowEncoder) -> None:
    encoder.may_go_on.set()
    vectors = QuestionVectors(encoder.encode)
    count = 2 * QUESTIONS_PER_BATCH + 1
    await asyncio.gather(*await asked(vectors, *(f"{number}" for number in range(count))))
    assert sum(len(batch) for batch in encoder.batches) == count
    assert max(len(batch) for batch in encoder.batches) == QUESTIONS_PER_BATCH


async def test_all_who_wait_are_told_of_a_failure_and_the_next_ones_are_not(
    encoder: SlowEncoder,
) -> None:
    vectors = QuestionVectors(encoder.encode)
    tasks = await asked(vectors, "vpn", "printer")
    encoder.error = EncoderUnavailable("down")
    encoder.may_go_on.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [EncoderUnavailable, EncoderUnavailable]
    encoder.error = None
    assert (await vectors.of("vpn")).tolist() == [3, ord("v")]


async def test_one_who_goes_away_takes_the_answer_from_nobody_else(encoder: SlowEncoder) -> None:
    vectors = QuestionVectors(encoder.encode)
    gone, stays = await asked(vectors, "vpn", "vpn")
    gone.cancel()
    encoder.may_go_on.set()
    assert (await stays).tolist() == [3, ord("v")]
    assert gone.cancelled()
