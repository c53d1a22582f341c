"""The types of messages, after the kinds of the log's entries."""

from collections.abc import Sequence

from services.ticket.domain import TicketEventKind

TEST = "webhook.test"
DISABLED = "webhook.disabled"

_PREFIX = "ticket."
# Nothing of the past is told, so that no message is of these.
_PAST = frozenset({TicketEventKind.IMPORTED, TicketEventKind.SNAPSHOT})


def type_of(kind: str) -> str:
    return f"{_PREFIX}{kind.lower()}"


EVENT_TYPES = (*(type_of(kind) for kind in TicketEventKind if kind not in _PAST), DISABLED)


def wants(event_types: Sequence[str], event_type: str) -> bool:
    """None at all stand for all of tickets."""
    if event_type not in EVENT_TYPES:
        return False
    return event_type in event_types if event_types else event_type.startswith(_PREFIX)
