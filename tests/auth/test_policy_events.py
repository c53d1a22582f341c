"""The events of the policy stream, as a service of the mesh takes them."""

from services.auth.domain import EndedSession, HeldRules, Holder, Policy, SessionId
from services.auth.policy_events import (
    RULES_PER_EVENT,
    change_event,
    heartbeat_event,
    snapshot_events,
)
from services.auth.rules import all_rules_of, difference
from services.mesh.caller import TenantId, UserId
from services.mesh.policy import (
    Rule,
    deletion,
    ended_session,
    grant,
    membership,
    policy_digest,
    policy_sum,
    sound_change,
    sound_policy,
)
from services.mesh.policy_messages import messages_of, rules_of

ACME, ADA = TenantId("acme"), UserId("ada")
FIRST, SECOND = EndedSession(ACME, SessionId("one")), EndedSession(ACME, SessionId("two"))
GRANTS = HeldRules(frozenset({grant(ACME, "agent", "ticket.tickets.get")}))
OF_ADA = HeldRules(frozenset({membership(ACME, ADA, "agent")}))
BEFORE = Policy(7, 3, {Holder(ACME): GRANTS}, frozenset({FIRST}))
AFTER = Policy(8, 4, {Holder(ACME): GRANTS, Holder(ACME, ADA): OF_ADA}, frozenset({SECOND}))


def digest(policy: Policy) -> str:
    return policy_digest(all_rules_of(policy))


def test_a_heartbeat_says_which_version_is_still_current() -> None:
    assert heartbeat_event(42).heartbeat.version == 42


def test_a_snapshot_holds_the_ended_sessions_and_its_digest_covers_them() -> None:
    [event] = snapshot_events(BEFORE, digest(BEFORE))
    snapshot = event.snapshot
    policy = sound_policy(snapshot.version, snapshot.digest, rules_of(snapshot.rules))
    assert policy.prohibitions == {ended_session("acme", "one")}
    assert snapshot.digest != policy_digest(policy.allowing)


def test_an_empty_policy_is_a_snapshot_too() -> None:
    empty = Policy(1, 1, {})
    [event] = snapshot_events(empty, digest(empty))
    assert not event.snapshot.rules
    assert not event.snapshot.is_partial


def test_a_large_policy_comes_in_parts_and_its_digest_covers_all() -> None:
    users = [UserId(f"user-{number}") for number in range(2 * RULES_PER_EVENT + 1)]
    holdings = {
        Holder(ACME, user): HeldRules(frozenset({membership(ACME, user, "customer")}))
        for user in users
    }
    policy = Policy(1, 1, holdings)
    snapshots = [event.snapshot for event in snapshot_events(policy, digest(policy))]
    assert [snapshot.is_partial for snapshot in snapshots] == [True, True, False]
    assert max(snapshot.ByteSize() for snapshot in snapshots) < 2 * 1024 * 1024
    rules = [rule for snapshot in snapshots for rule in rules_of(snapshot.rules)]
    assert sound_policy(1, snapshots[-1].digest, rules).allowing == set(all_rules_of(policy))


def test_a_change_leads_from_one_policy_to_the_next() -> None:
    event = change_event(BEFORE, AFTER, difference(BEFORE, AFTER), digest(AFTER))
    change = event.change
    assert (change.base_version, change.version) == (7, 8)
    sound = sound_change(
        policy_sum(all_rules_of(BEFORE)),
        change.version,
        change.digest,
        rules_of(change.added),
        rules_of(change.removed),
    )
    assert sound.added == {membership("acme", "ada", "agent"), ended_session("acme", "two")}
    assert sound.removed == {ended_session("acme", "one")}
    assert sound.after(frozenset({ended_session("acme", "one")})) == {ended_session("acme", "two")}


def test_what_no_longer_counts_is_removed() -> None:
    disabled = Policy(
        9, 5, {Holder(ACME): GRANTS, Holder(ACME, ADA): HeldRules(OF_ADA.rules, False)}
    )
    assert difference(AFTER, disabled).removed[0] == membership("acme", "ada", "agent")
    assert difference(disabled, AFTER).added[0] == membership("acme", "ada", "agent")


def test_every_kind_of_rule_comes_over_the_wire_as_it_was() -> None:
    rules: list[Rule] = [
        grant("acme", "agent", "ticket.tickets.get"),
        membership("acme", "ada", "agent"),
        ended_session("acme", "one"),
        deletion("globex"),
    ]
    assert rules_of(messages_of(rules)) == rules
