import pytest

from services.chat.answer.support import (
    LEAST_PROBABILITY,
    Signals,
    nearest_articles,
    probability,
    signals,
    supports_answer,
)
from services.chat.answer.vocabulary import is_said, specific_words
from services.chat.domain import NearestArticle
from services.chat.ports import FoundPassages
from tests.chat.builders import a_passage, a_version

HOW = "how do I get access to Slack as a new hire?"
STORY = (
    "yesterday my uncle painted his wooden boat green while the seagulls were stealing bread from "
    "the fisherman, who shouted and laughed and sang until the lighthouse keeper came down "
) * 20


def _found(similarity: float, coverage: float = 0.5, *, degraded: bool = False) -> FoundPassages:
    passage = a_passage(similarity=similarity, coverage=coverage)
    return FoundPassages((passage,), degraded)


@pytest.mark.parametrize(
    ("found", "supported"),
    [
        (FoundPassages(()), False),
        (_found(0.8), True),
        (_found(0.0, 1.0, degraded=True), True),
        (_found(0.0, 0.5, degraded=True), False),
    ],
)
def test_an_answer_needs_support(found: FoundPassages, *, supported: bool) -> None:
    assert supports_answer(HOW, found) is supported


@pytest.mark.parametrize(
    ("question", "supported"),
    [
        ("how do I get into Slack?", True),
        ("how do I log in to the chat?", True),  # a sign-in, a chat tool
        ("How do I reset my Netflix password?", False),
        ("how do I tap on to a clinical workstation?", False),
        ("how do I turn off Slack notifications on a Kindle?", False),
        (STORY, False),
    ],
)
def test_a_statement_must_say_what_is_asked(question: str, *, supported: bool) -> None:
    assert supports_answer(question, _found(0.5)) is supported


def test_what_two_statements_say_is_not_what_one_says() -> None:
    together = a_version("# Desk\n\nThe plotter needs toner.\n")
    apart = a_version("# Desk\n\nThe plotter is new. The scanner needs toner.\n")
    question = "which toner does the plotter need?"

    said = [signals(question, [a_passage(version)]).said for version in (together, apart)]

    assert said[0] == 1.0
    assert said[1] < 1.0


def test_a_word_of_every_passage_tells_less_than_a_word_of_one() -> None:
    passages = [
        a_passage(a_version(text, name))
        for name, text in (("a", "Acme has a canteen."), ("b", "Acme has a bus."))
    ]

    rare = signals("canteen tungsten", passages).said
    common = signals("acme tungsten", passages).said

    assert common < rare < 1.0


def test_each_signal_raises_the_probability() -> None:
    low = Signals(said=0.5, similarity=0.5, length=1.0)

    for high in (Signals(0.6, 0.5, 1.0), Signals(0.5, 0.6, 1.0), Signals(0.5, 0.5, 1.1)):
        assert probability(low) < probability(high)
    assert probability(Signals(0.0, 0.0, 0.0)) < LEAST_PROBABILITY
    assert probability(Signals(1.0, 1.0, 2.0)) > LEAST_PROBABILITY


def test_a_question_is_about_its_specific_words() -> None:
    assert specific_words("Who told you yesterday that the plotter broke again?") == {"plotter"}
    assert specific_words("Who told you?") == {"told"}


@pytest.mark.parametrize(
    ("word", "said", "is_met"),
    [
        ("mac", {"macbook"}, True),
        ("macbook", {"mac"}, True),  # a line of words for one thing
        ("order", {"buy"}, True),
        ("workstation", {"works"}, True),  # the beginning of it
        ("pens", {"pen"}, False),  # too short a beginning
        ("clinical", {"floor", "badge"}, False),
    ],
)
def test_a_word_is_said_by_what_means_the_same(word: str, said: set[str], *, is_met: bool) -> None:
    assert is_said(word, said) is is_met


def test_a_follow_up_needs_a_word_of_its_own_in_the_passages() -> None:
    assert supports_answer(HOW, _found(0.8, 0.9), {"slack", "mac"})
    assert not supports_answer(HOW, _found(0.8, 0.9), {"tungsten", "boil"})


def test_the_nearest_articles_are_distinct_and_at_most_three() -> None:
    passages = [
        a_passage(a_version(document_id=name), start=start, chunk_id=f"{name}-{start}")
        for name, start in [("a", 0), ("a", 9), ("b", 0), ("c", 0), ("b", 9), ("d", 0)]
    ]

    assert nearest_articles(FoundPassages(tuple(passages))) == (
        NearestArticle("a", "Slack", "a.md"),
        NearestArticle("b", "Slack", "b.md"),
        NearestArticle("c", "Slack", "c.md"),
    )
