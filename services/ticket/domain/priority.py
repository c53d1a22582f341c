"""How soon a ticket wants attention, by stated rules. Nothing here is learned.

Impact and urgency make the priority, after ITIL's matrix; the one that is not given counts as
medium, and a ticket with neither is normal:

                     urgency high   medium   low
    impact high      urgent         high     normal
    impact medium    high           normal   low
    impact low       normal         low      low

Words of an outage in subject or body raise it by one step, and so does the tag `vip`; nothing is
above urgent. What a person sets wins over all of this, until the person hands it back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from services.ticket.domain.ticket import Impact, Ticket, TicketPriority, Urgency

VIP_TAG = "vip"
OUTAGE_WORDS = (
    "outage",
    "is down",
    "are down",
    "went down",
    "unreachable",
    "unavailable",
    "nobody can",
    "no one can",
    "data loss",
    "ransomware",
)

_LOW, _NORMAL, _HIGH, _URGENT = TicketPriority
MATRIX: Mapping[tuple[Impact, Urgency], TicketPriority] = MappingProxyType(
    {
        (Impact.HIGH, Urgency.HIGH): _URGENT,
        (Impact.HIGH, Urgency.MEDIUM): _HIGH,
        (Impact.HIGH, Urgency.LOW): _NORMAL,
        (Impact.MEDIUM, Urgency.HIGH): _HIGH,
        (Impact.MEDIUM, Urgency.MEDIUM): _NORMAL,
        (Impact.MEDIUM, Urgency.LOW): _LOW,
        (Impact.LOW, Urgency.HIGH): _NORMAL,
        (Impact.LOW, Urgency.MEDIUM): _LOW,
        (Impact.LOW, Urgency.LOW): _LOW,
    }
)
# Any blanks between two words are as good as one.
_PHRASES = "|".join(r"\s+".join(phrase.split()) for phrase in OUTAGE_WORDS)
_OUTAGE = re.compile(rf"\b({_PHRASES})\b", re.IGNORECASE)


@dataclass(frozen=True)
class RuledPriority:
    priority: TicketPriority
    rule: str


def priority_by_rule(
    impact: Impact | None, urgency: Urgency | None, text: str, tags: Sequence[str]
) -> RuledPriority:
    """Returns the priority with the rule that made it, in words."""
    priority = MATRIX[impact or Impact.MEDIUM, urgency or Urgency.MEDIUM]
    said = [f"impact {_word(impact)}, urgency {_word(urgency)}: {_word(priority)}"]
    outage = _OUTAGE.search(text)
    if outage is not None:
        priority = _raised(priority)
        said.append(f"the words '{' '.join(outage[1].lower().split())}': {_word(priority)}")
    if VIP_TAG in tags:
        priority = _raised(priority)
        said.append(f"the tag '{VIP_TAG}': {_word(priority)}")
    return RuledPriority(priority, f"by rule: {'; '.join(said)}")


def ruled(ticket: Ticket) -> Ticket:
    """Gives the ticket the priority that the rules say."""
    text = f"{ticket.subject}\n{ticket.body}"
    found = priority_by_rule(ticket.impact, ticket.urgency, text, ticket.tags)
    return replace(ticket, priority=found.priority, priority_rule=found.rule)


def prioritized(ticket: Ticket, priority: TicketPriority | None) -> Ticket:
    """Gives the ticket the priority that a person set, or that of the rules when there is none."""
    if priority is None:
        return ruled(ticket)
    return replace(ticket, priority=priority, priority_rule="")


def _raised(priority: TicketPriority) -> TicketPriority:
    return TicketPriority(min(priority + 1, TicketPriority.URGENT))


def _word(value: Impact | Urgency | TicketPriority | None) -> str:
    return value.name.lower() if value is not None else "not given"
