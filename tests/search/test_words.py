import pytest

from services.search.words import has_word, question_words, stem, words


@pytest.mark.parametrize(
    "family",
    [
        ("configure", "configured", "configuring", "configures", "configuration"),
        ("install", "installed", "installing", "installs", "installation"),
        ("policy", "policies"),
        ("printer", "printers"),
        ("stop", "stopped", "stopping", "stops"),
        ("access", "accessed", "accessing"),
        ("box", "boxes"),
    ],
)
def test_forms_of_a_word_meet(family: tuple[str, ...]) -> None:
    assert len({stem(word) for word in family}) == 1


@pytest.mark.parametrize(("one", "other"), [("red", "ring"), ("king", "kit"), ("station", "stat")])
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_spelling_with_and_without_hyphen_meets() -> None:
    assert "wifi" in words("The Wi-Fi")
    assert "wifi" in words("WIFI")


def test_stop_words_are_left_out() -> None:
    assert words("How do I reset the user's password?") == ["reset", "user", "password"]


def test_a_question_of_stop_words_alone_keeps_them() -> None:
    assert question_words("How is it?") != []


@pytest.mark.parametrize("text", ["", "   ", "?!", "—…", "😀"])
def test_some_questions_hold_no_word(text: str) -> None:
    assert question_words(text) == []
    assert not has_word(text)
