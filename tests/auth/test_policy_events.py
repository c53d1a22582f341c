"""The events of the policy stream, as a service of the mesh takes them."""

from services.auth.domain import EndedSession, Grant, Policy, SessionId
from services.auth.policy_events import change_event, heartbeat_event, snapshot_event
from services.auth.rules import rules_of
from services.mesh.caller import TenantId
from services.mesh.policy import amended_digest, ended_session, policy_digest, sound_policy
from services.mesh.policy_messages import amended
from services.mesh.policy_messages import rules_of as rules_in

ACME = TenantId("acme")
FIRST, SECOND = EndedSession(ACME, SessionId("one")), EndedSession(ACME, SessionId("two"))
GRANTS = (Grant(ACME, "agent", "ticket.tickets.get"),)
BEFORE = Policy(7, 3, GRANTS, (), frozenset({FIRST}))
AFTER = Policy(8, 3, GRANTS, (), frozenset({SECOND}))
DIGEST = policy_digest(rules_of(BEFORE))


def test_a_heartbeat_says_which_version_is_still_current() -> None:
    event = heartbeat_event(7, 42)
    assert (event.seq, event.heartbeat.version) == (7, 42)


def test_a_snapshot_holds_the_ended_sessions_and_its_digest_covers_them() -> None:
    snapshot = snapshot_event(1, BEFORE, DIGEST).snapshot
    policy = sound_policy(snapshot.version, snapshot.digest, rules_in(snapshot.rules))
    assert policy.prohibitions == {ended_session("acme", "one")}
    assert snapshot.digest != DIGEST


def test_a_change_leads_from_one_policy_to_the_next() -> None:
    change = change_event(2, BEFORE, AFTER, DIGEST).change
    assert (change.base_version, change.version) == (7, 8)
    assert [rule.ending.session_id for rule in change.added] == ["two"]
    assert [rule.ending.session_id for rule in change.removed] == ["one"]
    prohibitions = amended(frozenset({ended_session("acme", "one")}), change)
    assert prohibitions == {ended_session("acme", "two")}
    assert amended_digest(DIGEST, prohibitions) == change.digest
