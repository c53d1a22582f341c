import numpy as np
import pytest

from services.search.keywords import (
    Frequencies,
    Overlap,
    Terms,
    highest_score,
    question_terms,
    terms_of,
)
from services.search.words import question_words

PASSAGES = ["Reset the password in the portal.", "The portal shows tickets.", "Printer ink."]
TERMS = [terms_of(passage) for passage in PASSAGES]
FREQUENCIES = Frequencies.of(TERMS)


def asked(question: str, frequencies: Frequencies = FREQUENCIES) -> Terms:
    return question_terms(question_words(question), frequencies)


def test_stored_terms_come_back_as_they_were() -> None:
    again = Terms.from_bytes(bytes(TERMS[0]))
    assert np.array_equal(again.ids, TERMS[0].ids)
    assert np.array_equal(again.weights, TERMS[0].weights)


def test_a_text_without_words_has_no_terms() -> None:
    assert bytes(terms_of("…")) == b""
    assert Overlap.of(asked("printer"), [terms_of("…")]).coverages().tolist() == [0]


def test_rare_words_count_more_than_common_ones() -> None:
    common, rare, unknown = (float(asked(word).weights[0]) for word in ("portal", "ink", "fax"))
    assert common < rare < unknown


def test_the_passage_with_the_rarer_words_scores_best() -> None:
    points = Overlap.of(asked("password portal"), TERMS).scores()
    assert points[0] > points[1] > points[2] == 0


def test_scores_stay_below_the_highest() -> None:
    question = asked("printer ink")
    [points] = Overlap.of(question, [terms_of("printer ink " * 40)]).scores()
    assert 0 < points < highest_score(question)


def test_no_passages_and_no_question_score_nothing() -> None:
    assert Overlap.of(asked("printer"), []).scores().tolist() == []
    assert Overlap.of(asked("?"), TERMS).scores().tolist() == [0, 0, 0]


def test_coverage_is_the_share_of_the_questions_words_by_rarity() -> None:
    whole, part, nothing = Overlap.of(asked("password portal"), TERMS).coverages()
    assert whole == pytest.approx(1)
    assert 0 < part < 0.5
    assert nothing == 0


def test_without_any_passage_all_words_are_alike() -> None:
    weights = asked("password portal", Frequencies.of([])).weights
    assert weights[0] == weights[1] > 0
