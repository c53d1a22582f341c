import pytest

from services.mesh.policy import Rule, grant, membership
from tests.security.crafted_names import FIGURE, Asked, store_and_compare
from tests.security.section import Scale, assert_reached
from tests.security.stage import House, Person, Stage

AGENT = membership("t1", "ann", "agent")
BEFORE = frozenset({grant("t1", "agent", "a.b.c"), AGENT})


async def test_no_name_becomes_policy(stage: Stage) -> None:
    assert_reached(await store_and_compare(stage, Scale.SHORT, seed=1), FIGURE)


def asked() -> Asked:
    ann = Person("house", "ann@example.com", "secret", user_id="ann")
    asked = Asked(House("house", "t1", {"agent": ann}))
    asked.memberships.add(membership("t1", "bob", "customer"))
    asked.tenants.add("t2")
    return asked


DONE = BEFORE | {
    membership("t1", "bob", "customer"),
    grant("t2", "agent", "a.b.c"),
    membership("t2", "eve", "admin"),
}


def test_what_was_asked_for_is_no_problem() -> None:
    assert asked().problems(BEFORE, DONE) == []


@pytest.mark.parametrize(
    "after",
    [
        DONE | {membership("t1", "mallory", "admin")},
        DONE | {membership("t2", "mallory", "admin")},
        DONE | {grant("t1", "agent", "a.b.d")},
        DONE | {grant("t3", "agent", "a.b.c")},
        DONE - {membership("t1", "bob", "customer")},
        DONE - {AGENT},
        (DONE - {AGENT}) | {membership("t1", "ann", "admin")},
    ],
)
def test_the_control_any_other_rule_is_a_problem(after: frozenset[Rule]) -> None:
    assert asked().problems(BEFORE, after)
