"""Which words a ticket has, and how much of it each is."""

from itertools import pairwise

from services.ticket.words import FULL_WEIGHT, LONGEST_WORD, MOST_WORDS, rarity, weights_of


def test_words_are_told_from_their_spelling() -> None:
    weights = weights_of("VPN-Fehler 619", "Der \uff36PN meldet: straße, STRASSE; a_b x")
    assert [*weights] == ["vpn", "fehler", "619", "der", "meldet", "strasse"]


def test_a_text_without_words_has_none() -> None:
    assert weights_of("???", "… ! _") == {}


def test_a_word_weighs_more_each_time_and_less_in_a_long_ticket() -> None:
    filling = " ".join(f"word{place}" for place in range(37))
    once, twice, often = (
        weights_of("", f"vpn {'vpn ' * more}{filling}")["vpn"] for more in (0, 1, 9)
    )
    assert once + 30 > FULL_WEIGHT
    assert once < twice < often < 2.2 * FULL_WEIGHT
    assert weights_of("", f"vpn {filling} {filling} {filling}")["vpn"] < once


def test_a_usual_ticket_weighs_its_words_in_full() -> None:
    usual = " ".join(f"word{place}" for place in range(40))
    assert set(weights_of("", usual).values()) == {FULL_WEIGHT}


def test_neither_many_nor_long_words_are_all_kept() -> None:
    weights = weights_of("", " ".join(f"{place:05}{'x' * 90}" for place in range(900)))
    assert len(weights) == MOST_WORDS
    assert {len(word) for word in weights} == {LONGEST_WORD}


def test_the_rarer_a_word_the_more_it_says() -> None:
    rarities = [rarity(count, 100) for count in (1, 2, 50, 99, 100)]
    assert all(rarer > commoner > 0 for rarer, commoner in pairwise(rarities))
    # Somebody may have counted words and tickets at different moments.
    assert rarity(7, 3) > 0
