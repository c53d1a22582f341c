"""Decisions and hostile names. Casbin's own text form of a policy is the control."""

import tracemalloc
from hashlib import sha256, shake_128
from pathlib import Path

import casbin
import pytest
from casbin.persist.adapters import FileAdapter

from services.mesh.access import (
    STALE_AFTER_SECONDS,
    Access,
    PolicyRefused,
    Rule,
    grant,
    membership,
    policy_digest,
)
from services.mesh.caller import TenantId, UserId
from services.mesh.errors import PolicyUnavailable
from services.mesh.policy import deletion

ACME, GLOBEX = TenantId("acme"), TenantId("globex")
ANN, BOB = UserId("ann"), UserId("bob")
RULES = [
    grant("acme", "agent", "ticket.tickets.get"),
    grant("acme", "agent", "ticket.tickets.list"),
    grant("acme", "admin", "auth.users.create"),
    grant("globex", "admin", "auth.users.create"),
    membership("acme", "ann", "agent"),
    membership("globex", "bob", "admin"),
]
# Casbin's file form of the same model; `access` holds the one that counts.
MODEL = """
[request_definition]
r = sub, dom, act
[policy_definition]
p = sub, dom, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.act == p.act
"""


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def access_with(rules: list[Rule], stopwatch: Stopwatch | None = None) -> Access:
    access = Access(stopwatch or Stopwatch())
    access.load(1, policy_digest(rules), rules)
    return access


def test_a_role_gives_its_permissions_in_its_tenant() -> None:
    access = access_with(RULES)
    assert access.permissions(ACME, ANN) == {"ticket.tickets.get", "ticket.tickets.list"}
    assert access.permissions(GLOBEX, BOB) == {"auth.users.create"}


def test_a_role_gives_nothing_in_another_tenant() -> None:
    access = access_with(RULES)
    assert access.permissions(GLOBEX, ANN) == frozenset()
    assert access.permissions(ACME, BOB) == frozenset()


def test_roles_are_those_that_the_policy_gives_in_the_tenant() -> None:
    access = access_with([*RULES, membership("acme", "ann", "lead")])
    assert access.roles(ACME, ANN) == {"agent", "lead"}
    assert access.roles(GLOBEX, BOB) == {"admin"}
    assert access.roles(GLOBEX, ANN) == access.roles(ACME, BOB) == frozenset()
    assert access.roles(TenantId("nowhere"), ANN) == frozenset()
    assert access.roles(ACME, UserId("*")) == frozenset()


def test_a_role_that_was_taken_away_is_gone_with_the_next_policy() -> None:
    access = access_with(RULES)
    assert access.roles(ACME, ANN) == {"agent"}
    rules = [rule for rule in RULES if rule != membership("acme", "ann", "agent")]
    access.load(2, policy_digest(rules), rules)
    assert access.roles(ACME, ANN) == frozenset()


def test_nobody_and_nowhere_get_nothing() -> None:
    access = access_with(RULES)
    assert access.permissions(TenantId("nowhere"), ANN) == frozenset()
    assert access.permissions(ACME, UserId("nobody")) == frozenset()
    assert access.permissions(TenantId("*"), UserId("*")) == frozenset()


def test_before_the_first_policy_nothing_is_decided() -> None:
    with pytest.raises(PolicyUnavailable):
        Access().permissions(ACME, ANN)


def test_a_minute_without_word_closes_everything() -> None:
    stopwatch = Stopwatch()
    access = access_with(RULES, stopwatch)
    stopwatch.seconds += STALE_AFTER_SECONDS
    assert access.permissions(ACME, ANN)
    stopwatch.seconds += 0.001
    with pytest.raises(PolicyUnavailable):
        access.permissions(ACME, ANN)
    access.hear()
    assert access.permissions(ACME, ANN)


def test_a_new_policy_is_in_force_at_once() -> None:
    access = access_with(RULES)
    assert access.permissions(ACME, ANN)
    fewer = [rule for rule in RULES if rule[1] != "u:ann"]
    access.load(2, policy_digest(fewer), fewer)
    assert access.permissions(ACME, ANN) == frozenset()
    assert access.permissions(GLOBEX, BOB)
    assert access.version == 2


def test_a_policy_that_does_not_match_its_digest_is_refused_and_the_old_one_kept() -> None:
    access = access_with(RULES)
    more = [*RULES, membership("acme", "ann", "admin")]
    with pytest.raises(PolicyRefused):
        access.load(2, policy_digest(RULES), more)
    assert "auth.users.create" not in access.permissions(ACME, ANN)
    assert access.version == 1


def test_the_digest_is_of_the_set_of_rules() -> None:
    assert policy_digest(reversed([*RULES, RULES[0]])) == policy_digest(RULES)
    assert policy_digest(RULES[1:]) != policy_digest(RULES)


def test_the_digest_has_the_documented_form() -> None:
    lines = ('["g","u:ann","r:agent","t:acme"]', '["d","t:globex"]')
    weights = [int.from_bytes(shake_128(line.encode()).digest(512)) for line in lines]
    total = (sum(weights) % 2**4096).to_bytes(512)
    rules = [membership("acme", "ann", "agent"), deletion("globex")]
    assert policy_digest(rules) == sha256(total).hexdigest()


def test_parts_cannot_move_between_fields() -> None:
    assert policy_digest([("g", "u:a", "r:b,c", "t:d")]) != policy_digest(
        [("g", "u:a,r:b", "c", "t:d")]
    )


HOSTILE = [
    "mallory, r:admin, t:globex",
    "mallory\np, u:mallory, t:acme, auth.users.create",
    "mallory\r\n",
    "*",
    "ann admin",
    'ann"',
    "ann#",
    "",
    "u:ann",
    "ünï",
    "ann\x00",
    "a" * 65,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_makes_the_whole_policy_unusable(name: str) -> None:
    for rule in (
        membership("acme", name, "agent"),
        membership("acme", "ann", name),
        membership(name, "ann", "agent"),
        grant("acme", name, "a.b.c"),
        grant("acme", "agent", name),
    ):
        access = access_with(RULES)
        with pytest.raises(PolicyRefused):
            access.load(2, policy_digest([*RULES, rule]), [*RULES, rule])
        assert access.permissions(ACME, ANN) == {"ticket.tickets.get", "ticket.tickets.list"}


@pytest.mark.parametrize("kind", ["p2", "g2", "", "P"])
def test_an_unknown_kind_of_rule_is_refused(kind: str) -> None:
    rule = (kind, "u:ann", "r:admin", "t:acme")
    with pytest.raises(PolicyRefused):
        access_with([rule])


@pytest.mark.parametrize("name", ["admin", "agent", "r.admin"])
def test_a_user_who_is_called_like_a_role_does_not_hold_it(name: str) -> None:
    access = access_with(RULES)
    assert access.permissions(ACME, UserId(name)) == frozenset()


def test_control_joined_as_text_a_comma_in_a_name_makes_another_rule(tmp_path: Path) -> None:
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    file = tmp_path / "policy.csv"
    file.write_text("p, admin, globex, auth.users.create\n")
    enforcer = casbin.Enforcer(model, FileAdapter(str(file)))
    enforcer.add_named_grouping_policy("g", "mallory, admin, globex", "agent", "acme")
    assert not enforcer.enforce("mallory", "globex", "auth.users.create")
    enforcer.save_policy()
    enforcer.load_policy()
    assert enforcer.enforce("mallory", "globex", "auth.users.create")


def test_control_without_prefixes_a_user_called_admin_is_one() -> None:
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policy("admin", "acme", "auth.users.create")
    assert enforcer.enforce("admin", "acme", "auth.users.create")


def test_ten_thousand_users_are_loaded_without_an_enforcer_for_each() -> None:
    rules = [
        rule
        for tenant in range(100)
        for rule in (
            grant(f"tenant-{tenant}", "agent", "ticket.tickets.get"),
            *(membership(f"tenant-{tenant}", f"user-{user}", "agent") for user in range(100)),
        )
    ]
    tracemalloc.start()
    access = access_with(rules)
    assert access.permissions(TenantId("tenant-7"), UserId("user-7")) == {"ticket.tickets.get"}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * 1024 * 1024
