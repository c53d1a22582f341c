"""The seal by itself: what it covers, and what it does not let pass."""

import pytest

from services.auth.policy_seal import PolicySeal
from services.mesh.policy import Rule, grant, membership

SEAL = PolicySeal({"k2": b"2" * 32, "k1": b"1" * 32})
OLDER = PolicySeal({"k1": b"1" * 32})
STRANGERS = PolicySeal({"k2": b"3" * 32})
RULES = [grant("acme", "agent", "ticket.tickets.get"), membership("acme", "ann", "agent")]
MORE = membership("acme", "bob", "agent")


def test_a_sum_that_was_changed_step_by_step_is_that_of_all_rules() -> None:
    known = SEAL.over(1, [])
    known = SEAL.changed(known, 2, RULES, ())
    known = SEAL.changed(known, 3, [MORE], ())
    known = SEAL.changed(known, 4, (), [RULES[0]])
    assert known == SEAL.over(4, [MORE, RULES[1]])
    assert SEAL.is_sound(known, 4)
    assert SEAL.adds_up(known, [RULES[1], MORE])


@pytest.mark.parametrize(
    "rules",
    [
        [],
        RULES[:1],
        [*RULES, MORE],
        [*RULES, RULES[1]],
        [RULES[0], membership("acme", "ann", "admin")],
        [RULES[0], membership("globex", "ann", "agent")],
        [RULES[1], grant("acme", "agent", "auth.users.create")],
    ],
)
def test_other_rules_do_not_add_up(rules: list[Rule]) -> None:
    assert not SEAL.adds_up(SEAL.over(1, RULES), rules)


def test_a_sum_is_sound_at_its_own_version_only() -> None:
    known = SEAL.over(7, RULES)
    assert not SEAL.is_sound(known, 6)
    assert not SEAL.is_sound(known, 8)


def test_another_key_of_the_same_name_makes_no_seal_of_ours() -> None:
    assert not SEAL.is_sound(STRANGERS.over(1, RULES), 1)
    assert not SEAL.is_sound(PolicySeal({"k9": b"9" * 32}).over(1, RULES), 1)


def test_an_older_key_still_verifies_and_is_known_as_older() -> None:
    known = OLDER.over(1, RULES)
    assert SEAL.is_sound(known, 1)
    assert SEAL.adds_up(known, RULES)
    assert not SEAL.is_of_the_newest_key(known)
    assert SEAL.is_sound(SEAL.changed(known, 2, [MORE], ()), 2)
