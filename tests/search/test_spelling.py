import pytest

from services.search.encoder.vocabulary import known_words
from services.search.keywords import Frequencies, terms_of
from services.search.spelling import mended

VISIBLE = Frequencies.of(
    [
        terms_of("Reset your password in the portal."),
        terms_of("A password has twelve characters."),
        terms_of("The printer in the corridor needs toner. Passwort."),
    ]
)
KNOWN = known_words()


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("forgot my pasword", "forgot my password"),
        ("forgot my passwrod!", "forgot my password!"),
        ("Pritner is broken", "printer is broken"),
        ("where is the poortal", "where is the portal"),
    ],
)
def test_a_word_one_slip_away_from_a_visible_one_is_mended(question: str, right: str) -> None:
    assert mended(question, VISIBLE, KNOWN) == right


def test_of_several_the_commonest_is_taken() -> None:
    assert mended("my passworx", VISIBLE, KNOWN) == "my password"


@pytest.mark.parametrize(
    "question",
    [
        "reset my password",
        "travel to Spain",
        "a bigger porter",
        "error PASWORD",
        "pasw",
        "pa55word",
        "wachtwoord vergeten",
        "xqzvb",
    ],
)
def test_what_is_right_known_or_far_away_stays(question: str) -> None:
    assert mended(question, VISIBLE, KNOWN) == question


def test_words_of_hidden_articles_mend_nothing() -> None:
    without = Frequencies.of([terms_of("The printer in the corridor needs toner.")])
    assert mended("forgot my pasword", without, KNOWN) == "forgot my pasword"


def test_a_question_of_unknown_words_is_left_alone() -> None:
    question = "pasword pritner poortal tonr corridr charcters"
    assert mended(question, VISIBLE, KNOWN) == question
