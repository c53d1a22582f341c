from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.answer.extractive import ExtractiveModel
from services.chat.answer.follow_up import LONGEST_QUERY, lookup_query, own_words
from services.chat.answer.person import asks_for_a_person
from services.chat.answer.wording import Wording
from services.chat.domain import (
    Citation,
    Passage,
    Statement,
    StatementShape,
)
from tests.chat.builders import SLACK, a_passage, a_statement, a_version
from tests.chat.test_units import LINES, MARKDOWN

HOW = "how do I get access to Slack as a new hire?"


async def _drafted(question: str, *passages: Passage) -> list[Statement]:
    return [statement async for statement in ExtractiveModel().draft(question, passages)]


@given(st.lists(MARKDOWN | LINES, min_size=1, max_size=3), st.integers(0, 40))
async def test_every_evidence_is_exact_for_any_markdown(contents: list[str], start: int) -> None:
    versions = [a_version(text, f"doc-{number}") for number, text in enumerate(contents)]
    passages = [a_passage(version, start=min(start, len(version.content))) for version in versions]

    statements = await _drafted("a link sentence words code", *passages)

    by_id = {version.document_id: version for version in versions}
    for statement in statements:
        (evidence,) = statement.evidence
        content = by_id[evidence.document_id].content
        assert evidence.quote
        assert content[evidence.start : evidence.end] == evidence.quote
    readings = [statement.text.lower() for statement in statements]
    assert len(readings) == len(set(readings))


async def test_a_procedure_is_given_whole_in_order_and_with_what_introduces_it() -> None:
    statements = await _drafted("how do I get access to Slack as a new hire?", a_passage())

    steps = [each for each in statements if each.shape is StatementShape.STEP]
    assert [step.step_number for step in steps] == [1, 2, 3]
    assert "To sign in:" in [each.text for each in statements]
    places = [each.evidence[0].start for each in statements]
    assert places == sorted(places)


async def test_an_introduction_without_its_list_is_left_out() -> None:
    content = "The canteen opens for these:\n\nNothing is listed. The canteen opens late.\n"

    statements = await _drafted("when does the canteen open?", a_passage(a_version(content)))

    assert "The canteen opens for these:" not in [each.text for each in statements]
    assert "The canteen opens late." in [each.text for each in statements]


async def test_only_what_was_asked_for_is_said() -> None:
    content = (
        "The red printer prints labels. The canteen opens at seven. Birds fly south.\n\n"
        "The lift is being repaired this week.\n"
    )

    statements = await _drafted("when does the canteen open?", a_passage(a_version(content)))

    assert statements[0].text == "The canteen opens at seven."
    assert len(statements) <= 2


async def test_who_asks_how_long_gets_the_sentence_that_says_a_time() -> None:
    loans = a_version("Staff may borrow a laptop.\n\nA loan device may be kept for 5 days.\n")

    how_long = await _drafted("How long may I borrow a laptop?", a_passage(loans))
    who = await _drafted("Who may borrow a laptop?", a_passage(loans))

    assert "A loan device may be kept for 5 days." in [each.text for each in how_long]
    assert "A loan device may be kept for 5 days." not in [each.text for each in who]


async def test_a_document_that_fits_much_worse_is_left_out() -> None:
    good = a_passage(a_version("The canteen opens at seven.", "doc-good"), score=0.9)
    poor = a_passage(a_version("The canteen opens late in Rome.", "doc-poor"), score=0.4)

    statements = await _drafted("when does the canteen open?", poor, good)

    assert {each.evidence[0].document_id for each in statements} == {"doc-good"}


async def test_steps_that_mean_more_than_a_short_best_passage_are_given_too() -> None:
    version = a_version()
    half = SLACK.index("1. Open")
    short = a_passage(version, end=half, score=0.9, similarity=0.6)
    steps = a_passage(version, start=half, score=0.7, similarity=0.7)
    steps = replace(steps, headings=(HOW,))

    shapes = {each.shape for each in await _drafted(HOW, short, steps)}

    assert StatementShape.STEP in shapes


async def test_the_same_sentence_is_said_once() -> None:
    passage = a_passage(a_version("Call the desk at 7. Call the desk at 7."))

    assert len(await _drafted("when do I call the desk?", passage)) == 1


async def test_no_passage_means_no_statement() -> None:
    assert await _drafted("anything?") == []


def test_a_short_follow_up_is_looked_up_with_the_question_it_leans_on() -> None:
    earlier = ["How do I print?", "???", "and from my phone?"]

    query = lookup_query("and on a Mac?", earlier)

    assert query == "How do I print? and on a Mac?"
    assert own_words("and on a Mac?", query) == {"mac"}


@pytest.mark.parametrize(
    "question",
    [
        "How do I reset my password?",
        "VPN",
        "And " + "really " * 9 + "long?",
        "Is that the way in which all of it works here?",
    ],
)
def test_a_question_that_stands_alone_is_looked_up_alone(question: str) -> None:
    query = lookup_query(question, ["How do I print?"])

    assert query == question
    assert own_words(question, query) == set()


def test_a_follow_up_to_a_very_long_question_is_not_too_long_to_look_up() -> None:
    query = lookup_query("and on a Mac?", ["why " * 999 + "so?"])

    assert len(query) == LONGEST_QUERY
    assert query.endswith(" and on a Mac?")


def test_a_follow_up_without_anything_before_is_looked_up_alone() -> None:
    assert lookup_query("and on a Mac?", []) == "and on a Mac?"


@pytest.mark.parametrize(
    "text",
    [
        "talk to a human",
        "I want to speak to a person, please!",
        "Agent",
        "Can I talk to someone from IT?",
        "Could you please transfer me to a human agent",
    ],
)
def test_a_plain_wish_for_a_person_is_understood(text: str) -> None:
    assert asks_for_a_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I talk to a person in payroll?",
        "Who is the contact person for printers?",
        "user agent string",
        "Someone stole my laptop",
        "person " * 100,
    ],
)
def test_a_question_about_people_is_a_question(text: str) -> None:
    assert not asks_for_a_person(text)


def test_pieces_join_to_markdown_that_reads_well() -> None:
    passage = a_passage()
    said = a_statement("Slack is a chat tool.", passage)
    code = replace(said, shape=StatementShape.CODE, text="  ls\n  ls -l")
    step = replace(said, shape=StatementShape.STEP)
    citation = Citation(1, "doc-slack", 1, "chunk", "Slack", 0, 21, SLACK[:21], "slack.md")
    wording = Wording()
    statements = [said, said, replace(step, step_number=1), replace(step, step_number=2), code]

    text = "".join(wording.piece(statement, [citation]) for statement in statements)

    assert text == (
        "Slack is a chat tool. [1] Slack is a chat tool. [1]\n\n"
        "1. Slack is a chat tool. [1]\n2. Slack is a chat tool. [1]\n\n"
        "```\nls\nls -l\n```\n[1]"
    )


def test_a_fence_in_the_code_does_not_end_it() -> None:
    said = a_statement("Slack is a chat tool.", a_passage())
    code = replace(said, shape=StatementShape.CODE, text="```")

    assert Wording().piece(code, []).startswith("````\n```\n````")
