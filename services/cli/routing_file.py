"""Who gets which ticket as people write it down, in YAML, with agents by their addresses."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from helpdesk.auth.v1.auth_pb2 import User
from helpdesk.ticket.v1 import routing_service_pb2, ticket_pb2
from services.cli.failures import CommandError
from services.cli.sla_file import CALENDAR_KEYS, calendar_of, calendar_text, mapping

_KEYS = ("agents", "choice", "acknowledge", "escalate", "close_after")
_AGENT_KEYS = frozenset({"user", "queues", "most_open", "away"}) | CALENDAR_KEYS
_ESCALATION_KEYS = ("when", "queue", "raise_priority", "lead")
_CHOICES = {
    "least_loaded": routing_service_pb2.ROUTING_CHOICE_LEAST_LOADED,
    "round_robin": routing_service_pb2.ROUTING_CHOICE_ROUND_ROBIN,
}
_STATES = {"red": ticket_pb2.SLA_STATE_RED, "breached": ticket_pb2.SLA_STATE_BREACHED}
_EXAMPLE = "agents: [{user: agent@acme.example, queues: [general], most_open: 10}]"
_LENGTH = re.compile(r"([0-9]{1,6})\s*(m|min|h|d)\Z")
_MINUTES = {"m": 1, "min": 1, "h": 60, "d": 24 * 60}
_MOST_OPEN = 10


def read_routing_policy(file: Path, users: list[User]) -> routing_service_pb2.RoutingPolicy:
    """Raises CommandError that says which line cannot be read; what is wrong, the service says."""
    try:
        written = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        raise _wrong(f"{file} is not YAML: {str(error).splitlines()[0]}") from None
    try:
        return _policy(mapping(str(file), written, _KEYS), users)
    except CommandError as error:
        raise _wrong(str(error)) from None


def routing_text(policy: routing_service_pb2.RoutingPolicy, users: list[User]) -> str:
    """What `read_routing_policy` reads again."""
    written: dict[str, Any] = {
        "agents": [_agent_text(agent, users) for agent in policy.agents],
        "choice": _name_in(_CHOICES, policy.choice or _CHOICES["least_loaded"]),
        "acknowledge": policy.acknowledges,
    }
    if policy.HasField("escalation"):
        escalation = policy.escalation
        written["escalate"] = {"when": _name_in(_STATES, escalation.state)}
        if escalation.queue:
            written["escalate"]["queue"] = escalation.queue
        if escalation.raises_priority:
            written["escalate"]["raise_priority"] = True
        if escalation.lead_id:
            written["escalate"]["lead"] = _address(escalation.lead_id, users)
    if policy.close_after_minutes:
        written["close_after"] = _length_text(policy.close_after_minutes)
    return yaml.safe_dump(written, sort_keys=False, default_flow_style=None)


def _policy(written: Mapping[str, Any], users: list[User]) -> routing_service_pb2.RoutingPolicy:
    agents = written.get("agents") or []
    if not isinstance(agents, list):
        raise _wrong("agents must be a list.")
    escalation = written.get("escalate")
    close_after = written.get("close_after")
    return routing_service_pb2.RoutingPolicy(
        agents=[_agent(f"agents[{place}]", each, users) for place, each in enumerate(agents)],
        choice=_one_of("choice", written.get("choice", "least_loaded"), _CHOICES),
        acknowledges=_yes_or_no("acknowledge", written.get("acknowledge", False)),
        escalation=_escalation(escalation, users) if escalation is not None else None,
        close_after_minutes=_minutes(close_after) if close_after is not None else 0,
    )


def _agent(where: str, written: object, users: list[User]) -> routing_service_pb2.RoutingAgent:
    known = mapping(where, written, _AGENT_KEYS)
    queues = known.get("queues") or []
    if not isinstance(queues, list):
        raise _wrong(f"{where}.queues must be a list of queues.")
    most_open = known.get("most_open", _MOST_OPEN)
    if isinstance(most_open, bool) or not isinstance(most_open, int) or most_open > 2**31 - 1:
        raise _wrong(f"{where}.most_open is {str(most_open)!r}, which is no whole number.")
    return routing_service_pb2.RoutingAgent(
        user_id=_user_id(f"{where}.user", known.get("user"), users),
        queues=map(str, queues),
        most_open_tickets=max(most_open, -1),
        calendar=calendar_of(known),
        away=_yes_or_no(f"{where}.away", known.get("away", False)),
    )


def _agent_text(agent: routing_service_pb2.RoutingAgent, users: list[User]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "user": _address(agent.user_id, users),
        "queues": list(agent.queues),
        "most_open": agent.most_open_tickets,
        **calendar_text(agent.calendar),
    }
    return {**written, "away": True} if agent.away else written


def _escalation(written: object, users: list[User]) -> routing_service_pb2.RoutingEscalation:
    known = mapping("escalate", written, _ESCALATION_KEYS)
    lead = known.get("lead")
    return routing_service_pb2.RoutingEscalation(
        state=_one_of("escalate.when", known.get("when", "breached"), _STATES),
        queue=str(known.get("queue", "")),
        raises_priority=_yes_or_no("escalate.raise_priority", known.get("raise_priority", False)),
        lead_id=_user_id("escalate.lead", lead, users) if lead is not None else "",
    )


def _user_id(where: str, written: object, users: list[User]) -> str:
    word = str(written or "")
    for user in users:
        if word.casefold() == user.email.casefold() or word == user.user_id:
            return user.user_id
    raise _wrong(f"{where} is {word!r}, which is not a user of this tenant.")


def _address(user_id: str, users: list[User]) -> str:
    return next((user.email for user in users if user.user_id == user_id), user_id)


def _one_of(where: str, written: object, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an enum
    if str(written) not in known:
        raise _wrong(f"{where} is {str(written)!r}; it may be {' or '.join(known)}.")
    return known[str(written)]


def _name_in(known: Mapping[str, Any], wanted: object) -> str:
    return next(name for name, value in known.items() if value == wanted)


def _yes_or_no(where: str, written: object) -> bool:
    if not isinstance(written, bool):
        raise _wrong(f"{where} is {str(written)!r}, which is neither true nor false.")
    return written


def _minutes(written: object) -> int:
    match = _LENGTH.match(str(written))
    if match is None:
        raise _wrong(f"close_after is {str(written)!r}, which is no time like 12h or 7d.")
    return int(match[1]) * _MINUTES[match[2]]


def _length_text(minutes: int) -> str:
    for sign in ("d", "h"):
        if minutes % _MINUTES[sign] == 0:
            return f"{minutes // _MINUTES[sign]}{sign}"
    return f"{minutes}m"


def _wrong(what: str) -> CommandError:
    return CommandError(what, hint=_EXAMPLE, code="ROUTING_POLICY_UNREADABLE")
