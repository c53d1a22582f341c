"""Which texts are put together."""

import pytest

from services.search.encoder.onnx import OnnxEncoder
from services.search.grouping import group_texts
from services.search.vectors import TEXTS_PER_BATCH, Vectors
from tests.search.fakes import FakeEncoder

PASSWORD = [
    "How do I reset my password?",
    "I forgot my password, how can I get a new one?",
    "What can I do when I have forgotten my password?",
]
PARKING = ["Where can visitors park?", "Is there parking for guests?"]
SOUP = ["What is for lunch on Friday?"]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return Vectors(OnnxEncoder(threads=1))


async def test_wordings_of_one_question_are_one_group_and_the_largest_comes_first(
    vectors: Vectors,
) -> None:
    texts = [SOUP[0], PARKING[0], *PASSWORD, PARKING[1]]
    groups = await group_texts(vectors, texts)
    assert [{texts[place] for place in group} for group in groups] == [
        {*PASSWORD},
        {*PARKING},
        {*SOUP},
    ]


async def test_each_text_is_in_one_group_whatever_the_number() -> None:
    vectors = Vectors(FakeEncoder())
    texts = [f"word{number % 7}" for number in range(2 * TEXTS_PER_BATCH + 5)]
    groups = await group_texts(vectors, texts)
    assert sorted(place for group in groups for place in group) == [*range(len(texts))]
    assert all(len({texts[place] for place in group}) == 1 for group in groups)
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)


async def test_the_text_nearest_to_the_others_comes_first() -> None:
    texts = ["vpn phone", "vpn phone tablet", "phone tablet", "vpn tablet"]
    (group,) = await group_texts(Vectors(FakeEncoder()), texts)
    assert texts[group[0]] == "vpn phone tablet"
