"""Who gets which ticket is read as it is meant, and shown so that it is read again."""

from pathlib import Path

import pytest

from helpdesk.auth.v1.auth_pb2 import User
from helpdesk.ticket.v1 import routing_service_pb2, ticket_pb2
from services.cli.failures import CommandError
from services.cli.routing_file import read_routing_policy, routing_text

USERS = [User(user_id="1", email="alex@acme.example"), User(user_id="2", email="lea@acme.example")]
WRITTEN = """
agents:
  - user: Alex@acme.example
    queues: [general, vpn]
    most_open: 3
    time_zone: Europe/Berlin
    hours: {monday: ["09:00-17:00"]}
  - {user: "2", queues: [general], away: true}
choice: round_robin
acknowledge: true
escalate: {when: red, queue: second, raise_priority: true, lead: lea@acme.example}
close_after: 7d
"""


def read(folder: Path, text: str) -> routing_service_pb2.RoutingPolicy:
    file = folder / "routing.yaml"
    file.write_text(text, "utf-8")
    return read_routing_policy(file, USERS)


def test_agents_escalation_and_times_are_read(tmp_path: Path) -> None:
    policy = read(tmp_path, WRITTEN)
    alex, lea = policy.agents
    assert (alex.user_id, list(alex.queues), alex.most_open_tickets) == ("1", ["general", "vpn"], 3)
    assert alex.calendar.week[0].spans[0].end_minute == 17 * 60
    assert (lea.user_id, lea.most_open_tickets, lea.away) == ("2", 10, True)
    assert not lea.HasField("calendar")
    assert policy.choice == routing_service_pb2.ROUTING_CHOICE_ROUND_ROBIN
    assert policy.acknowledges
    assert policy.escalation.state == ticket_pb2.SLA_STATE_RED
    assert (policy.escalation.queue, policy.escalation.lead_id) == ("second", "2")
    assert policy.close_after_minutes == 7 * 24 * 60


def test_what_is_shown_is_read_again(tmp_path: Path) -> None:
    policy = read(tmp_path, WRITTEN)
    policy.agents[1].calendar.CopyFrom(policy.agents[0].calendar)
    assert read(tmp_path, routing_text(policy, USERS)) == policy
    empty = read(tmp_path, "")
    assert read(tmp_path, routing_text(empty, USERS)) == empty


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a list", "must be a mapping"),
        ("{", "is not YAML"),
        ("agents: {}\nteams: []", "holds 'teams'"),
        ("agents: alex", "agents must be a list"),
        ("agents: [{user: gerd@globex.example}]", "which is not a user of this tenant"),
        ("agents: [{queues: [general]}]", "agents[0].user is ''"),
        ("agents: [{user: '1', queues: general}]", "must be a list of queues"),
        ("agents: [{user: '1', most_open: many}]", "which is no whole number"),
        ("agents: [{user: '1', away: perhaps}]", "neither true nor false"),
        ("agents: [{user: '1', hours: {monday: [all]}}]", "which is no span like"),
        ("choice: dice", "it may be least_loaded or round_robin"),
        ("escalate: {when: amber}", "it may be red or breached"),
        ("close_after: soon", "which is no time like"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(CommandError) as refusal:
        read(tmp_path, text)
    assert says in str(refusal.value)
    assert refusal.value.code == "ROUTING_POLICY_UNREADABLE"
