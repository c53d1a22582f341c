import pytest

from services.search.duplicates import Shown

RULE = (
    "Open the portal, choose the form for a new telephone, name the cost center and the room,"
    " and send it to the desk before noon so that it is ready on the next working day."
)


def is_known(text: str, other: str = RULE, coverage: float = 0.5) -> bool:
    shown = Shown()
    shown.add(other, 0.5)
    return not shown.add(text, coverage)


@pytest.mark.parametrize(
    "again",
    [
        RULE,
        RULE.upper(),
        RULE.replace(" ", "\n"),
        RULE.replace("working day", "workday, working day"),
    ],
)
def test_the_same_in_other_dress_is_known(again: str) -> None:
    assert is_known(again)


@pytest.mark.parametrize(
    "different",
    [
        "Restart the printer and wait for the green lamp.",
        RULE.replace("the room", "the room 12"),
        RULE.replace("choose", "never choose"),
        RULE.replace("telephone", "laptop").replace("desk", "shop").replace("noon", "May"),
    ],
)
def test_what_says_something_else_is_not(different: str) -> None:
    assert not is_known(different)


def test_a_word_of_the_question_more_or_less_makes_a_difference() -> None:
    again = RULE.replace("telephone", "handset")
    assert is_known(again)
    assert not is_known(again, coverage=0.4)


def test_pictures_are_told_apart_by_their_signs() -> None:
    assert is_known("—", other="—")
    assert not is_known("—", other="…")
