import math

import pytest

from services.search.measures import figures, rank_of


def test_the_first_of_the_right_documents_gives_the_rank() -> None:
    assert rank_of(frozenset({"c", "b"}), ["a", "b", "c"]) == 2
    assert rank_of(frozenset({"x"}), ["a", "b"]) is None


def test_each_measure_is_the_mean_over_the_questions() -> None:
    measured = {name: figure.value for name, figure in figures([1, 2, 7, 40, None]).items()}
    assert measured == {
        "recall@1": pytest.approx(1 / 5),
        "recall@5": pytest.approx(2 / 5),
        "recall@10": pytest.approx(3 / 5),
        "MRR": pytest.approx((1 + 1 / 2 + 1 / 7 + 1 / 40) / 5),
        "nDCG@10": pytest.approx((1 + 1 / math.log2(3) + 1 / 3) / 5),
    }


def test_intervals_hold_their_figure_and_shrink_with_more_questions() -> None:
    few, many = (figures([1, None] * count)["recall@1"] for count in (10, 200))
    assert few.low < few.value < few.high
    assert many.high - many.low < (few.high - few.low) / 3


def test_the_same_ranks_have_the_same_intervals() -> None:
    assert figures([1, 3, None, 2]) == figures([1, 3, None, 2])


def test_where_all_are_right_nothing_is_uncertain() -> None:
    figure = figures([1, 1, 1])["recall@1"]
    assert (figure.low, figure.value, figure.high) == (1, 1, 1)


def test_without_questions_there_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no question"):
        figures([])
