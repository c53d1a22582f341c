from services.search.essence import MOST_WORDS, essence
from services.search.keywords import Frequencies, terms_of

VISIBLE = Frequencies.of(
    [
        terms_of("Error AG-210 means that two devices are connected."),
        terms_of("Open the portal."),
        terms_of("The portal is open on Monday."),
    ]
)
STORY = "On that morning it rained and nobody knew what would happen. "


def test_a_short_question_stays_as_it_is() -> None:
    question = "What does   AG-210 mean?\n"
    assert essence(question, VISIBLE) == question


def test_of_a_long_one_the_sentence_that_articles_speak_of_is_kept() -> None:
    question = STORY * 30 + "Then the screen said error AG-210. " + STORY * 30
    kept = essence(question, VISIBLE)
    assert "error AG-210" in kept
    assert len(kept.split()) <= MOST_WORDS


def test_what_is_kept_stays_in_order_and_is_said_once() -> None:
    question = "The portal is shut.\n" + STORY * 30 + "It says AG-210.\n" * 9
    kept = essence(question, VISIBLE)
    assert kept.index("portal") < kept.index("AG-210")
    assert kept.count("AG-210") == 1


def test_a_text_without_sentences_is_cut_into_pieces() -> None:
    kept = essence("word " * 5_000 + "AG-210 " + "word " * 5_000, VISIBLE)
    assert "AG-210" in kept
    assert len(kept.split()) <= MOST_WORDS


def test_of_ten_thousand_sentences_no_more_is_asked_than_the_encoder_reads() -> None:
    question = " ".join(f"word{number}." for number in range(10_000))
    assert len(essence(question, VISIBLE).split()) <= MOST_WORDS
