from collections.abc import Mapping

import pytest

from services.search.ranking import (
    FUSED,
    MEANING,
    PASSAGES_PER_DOCUMENT,
    Candidate,
    Weights,
    page_of,
    ranked,
)


def a_candidate(
    chunk_id: str,
    similarity: float = 0.5,
    keywords: float = 0.0,
    document_id: str = "",
) -> Candidate:
    return Candidate(chunk_id, document_id or chunk_id, similarity, keywords, coverage=0.0)


def order(
    *candidates: Candidate,
    limit: int = 10,
    weights: Weights = FUSED,
    texts: Mapping[str, str] | None = None,
) -> list[str]:
    """Without texts, each passage says something else."""
    ids = {one.chunk_id: one.chunk_id for one in candidates}
    page = page_of(ranked(candidates, weights), ids if texts is None else texts, limit)
    return [one.candidate.chunk_id for one in page]


def test_meaning_and_words_together_beat_either() -> None:
    only_meaning = a_candidate("meaning", similarity=0.6)
    only_words = a_candidate("words", similarity=0.0, keywords=0.6)
    both = a_candidate("both", similarity=0.55, keywords=0.5)
    assert order(only_words, only_meaning, both) == ["both", "meaning", "words"]


def test_the_score_is_the_weighted_sum() -> None:
    (best,) = ranked([a_candidate("a", similarity=0.5, keywords=0.25)], Weights(0.2, 0, 0.4))
    assert best.score == pytest.approx(0.8 * 0.5 + 0.2 * 0.25)


def test_keywords_weigh_more_where_they_single_a_document_out() -> None:
    near = a_candidate("near", similarity=0.6)
    named = a_candidate("named", similarity=0.4, keywords=0.5)
    rival = a_candidate("rival", similarity=0.1, keywords=0.5)
    weights = Weights(keywords=0.1, distinction=1, subject=0)
    assert order(near, named, weights=weights)[0] == "named"
    # The same words in another document, too, decide nothing.
    assert order(near, named, rival, weights=weights)[0] == "near"


def test_other_passages_of_the_same_document_are_no_rivals() -> None:
    near = a_candidate("near", similarity=0.6)
    named = [
        a_candidate(name, similarity=0.4, keywords=0.5, document_id="d") for name in ("1", "2")
    ]
    weights = Weights(keywords=0.1, distinction=1, subject=0)
    assert order(near, *named, weights=weights)[0] == "1"


def test_a_document_that_is_about_it_throughout_comes_before_a_chance_hit() -> None:
    chance = [
        a_candidate("chance", 0.61, document_id="a"),
        a_candidate("off", 0.1, document_id="a"),
    ]
    about = [a_candidate("about", 0.6, document_id="b"), a_candidate("more", 0.5, document_id="b")]
    assert order(*chance, *about)[0] == "about"
    assert order(*chance, *about, weights=MEANING)[0] == "chance"


def test_scores_stay_between_0_and_1() -> None:
    found = ranked([a_candidate("low", -0.4), a_candidate("high", 1.0001, 1.2)])
    assert [one.score for one in found] == pytest.approx([1.0, 0.0])


def test_ties_are_put_in_the_order_of_the_ids() -> None:
    assert order(*(a_candidate(name) for name in "cab")) == ["a", "b", "c"]


def test_one_document_does_not_fill_the_page() -> None:
    many = [a_candidate(f"a{number}", 0.9, document_id="a") for number in range(9)]
    found = order(*many, a_candidate("b", 0.1))
    assert found == [*(f"a{number}" for number in range(PASSAGES_PER_DOCUMENT)), "b"]


def test_the_same_text_is_shown_once() -> None:
    texts = {"1": "Same  text.", "2": "Same\ntext."}
    assert order(a_candidate("1"), a_candidate("2"), texts=texts) == ["1"]


def test_what_has_no_text_is_left_out() -> None:
    assert order(a_candidate("1"), a_candidate("2"), texts={"2": "Text."}) == ["2"]


def test_no_more_are_shown_than_asked_for() -> None:
    assert order(*(a_candidate(name) for name in "abc"), limit=2) == ["a", "b"]
