"""A head learns what people say again and again, and of noise it learns nothing."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from services.ticket.triage.labels import LABELS
from services.ticket.triage.learning import Taught, learn
from services.ticket.triage.own_head import HeadUnusableError, OwnHead
from tests.ticket.triage.keyword_classifier import a_reading

THINGS = ("badge", "laptop", "invoice", "printer", "folder", "holiday", "budget", "newsletter")
TALK = ("please", "the", "is", "since", "today", "my", "again", "still", "help", "not", "works")
WRONG = a_reading("Hardware", 0.6).probabilities


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311  the same chances each time


def a_text(thing: str, chance: Random) -> str:
    return " ".join([thing, *chance.sample(TALK, 6)])


def told(count: int, label_of: Callable[[str, Random], str]) -> list[Taught]:
    """The model takes everything for hardware."""
    chance = dice(3)
    things = [THINGS[number % len(THINGS)] for number in range(count)]
    return [Taught(a_text(thing, chance), WRONG, label_of(thing, chance)) for thing in things]


def by_thing(thing: str, _: Random) -> str:
    return LABELS[THINGS.index(thing)]


def by_chance(_: str, chance: Random) -> str:
    return chance.choice(LABELS)


@pytest.fixture(scope="module")
def head() -> OwnHead:
    learned = learn(told(120, by_thing))
    assert learned.head is not None
    return learned.head


def likeliest(head: OwnHead, text: str) -> str:
    found = head.probabilities(text, WRONG)
    return max(found, key=lambda label: found[label])


def test_it_learns_what_people_say() -> None:
    learned = learn(told(120, by_thing))

    assert (learned.tickets, learned.model_right) == (120, 15)
    assert learned.head_right > 110
    assert learned.head is not None
    chance = dice(4)
    assert [likeliest(learned.head, a_text(thing, chance)) for thing in THINGS] == list(LABELS)


def test_of_noise_it_learns_nothing() -> None:
    unsure = dict.fromkeys(LABELS, 1 / len(LABELS))
    rows = [replace(each, model_says=unsure) for each in told(120, by_chance)]
    assert learn(rows).head is None


def test_where_the_model_is_right_it_is_left_as_it_is() -> None:
    rows = [replace(each, label="Hardware") for each in told(120, by_thing)]
    learned = learn(rows)
    assert (learned.model_right, learned.head) == (120, None)


def test_what_is_said_of_the_same_text_is_no_proof() -> None:
    """One mail, sent fifty times over with a label by chance, teaches nothing of others."""
    chance = dice(5)
    mails = [a_text(THINGS[number], chance) for number in range(5)]
    rows = [Taught(mails[number % 5], WRONG, LABELS[number % 5]) for number in range(60)]
    assert learn(rows).head is None


def test_it_learns_what_a_tenant_calls_the_models_labels() -> None:
    """Of words that never come again, and of two labels that the tenant has as one."""
    said = [a_reading(LABELS[number % 8], 0.9).probabilities for number in range(160)]
    rows = [
        Taught(f"w{number} v{number}", says, "Storage" if number % 8 == 0 else LABELS[number % 8])
        for number, says in enumerate(said)
    ]
    head = learn(rows).head
    assert head is not None
    found = [head.probabilities("qwertz uiop", says) for says in said[:8]]
    assert [max(one, key=lambda label: one[label]) for one in found] == ["Storage", *LABELS[1:]]


def test_probabilities_come_to_one_whatever_the_text(head: OwnHead) -> None:
    for text in ("", "badge", "badge " * 10_000, "\x00 \u202e ?!", THINGS[0] * 99):
        found = head.probabilities(text, WRONG)
        assert list(found) == list(LABELS)
        assert sum(found.values()) == pytest.approx(1)
        assert min(found.values()) > 0


def test_it_is_not_surer_than_it_is_right() -> None:
    """Half of what is said of a thing is by chance, and so it may not be sure."""

    def by_half(thing: str, chance: Random) -> str:
        return by_thing(thing, chance) if chance.random() < 0.5 else by_chance(thing, chance)

    head = learn(told(800, by_half)).head
    assert head is not None
    chance = dice(6)
    texts = [a_text(each, chance) for each in THINGS * 10]
    sure = [max(head.probabilities(text, WRONG).values()) for text in texts]
    assert np.mean(sure) == pytest.approx(0.5 + 0.5 / len(LABELS), abs=0.08)


def test_it_survives_being_kept(head: OwnHead) -> None:
    kept = OwnHead.from_bytes(head.to_bytes())
    text = a_text("badge", dice(7))
    assert kept.probabilities(text, WRONG) == head.probabilities(text, WRONG)
    assert kept.name == head.name


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"no head",
        lambda content: content[: len(content) // 2],
        lambda content: content[:200] + b"\xff" * 100 + content[300:],
    ],
)
def test_damaged_bytes_are_told(head: OwnHead, damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(HeadUnusableError):
        OwnHead.from_bytes(damage(head.to_bytes()))


def test_a_head_of_other_shapes_is_told(head: OwnHead) -> None:
    for other in (
        replace(head, weights=head.weights[:, 1:]),
        replace(head, relabelling=head.relabelling[1:]),
        replace(head, rarity=head.rarity[1:]),
    ):
        with pytest.raises(HeadUnusableError, match="shapes"):
            OwnHead.from_bytes(other.to_bytes())


def test_what_was_learned_otherwise_has_another_name(head: OwnHead) -> None:
    others = (
        replace(head, weights=-head.weights),
        replace(head, relabelling=-head.relabelling),
        replace(head, temperature=head.temperature * 2),
    )
    assert len({head.name, *(other.name for other in others)}) == 4
