"""What was found of a ticket, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from types import MappingProxyType

from services.mesh.caller import UserId
from services.ticket.domain import DEFAULT_QUEUE, Act, Change, Ticket, TicketEventKind
from services.ticket.domain.log import event_of
from services.ticket.domain.rules import touched
from services.ticket.errors.triage import TriageLabelTwice, TriageLabelUnknown
from services.ticket.triage.labels import LABELS

USUAL_THRESHOLD = 0.8
OUT_OF_SCOPE_FROM = 0.5
LEAST_WORDS = 2
# Where the bands of confidence begin; the last one ends with 1.
BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class Outcome(IntEnum):
    CLASSIFIED = 1
    UNSURE = 2
    OUT_OF_SCOPE = 3
    TOO_SHORT = 4
    NOT_ENGLISH = 5
    NO_MODEL = 6


@dataclass(frozen=True)
class Reading:
    """What a model says of a text; probabilities by label."""

    model: str
    probabilities: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    out_of_scope: float = 0.0
    words: int = 0
    is_english: bool = True


@dataclass(frozen=True)
class TriageSettings:
    enabled: bool = False
    threshold: float = USUAL_THRESHOLD
    queues: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    update_time: datetime | None = None

    def queue_of(self, label: str) -> str:
        return self.queues.get(label, DEFAULT_QUEUE)


@dataclass(frozen=True)
class Review:
    """What a person said."""

    label: str
    reviewer_id: UserId
    time: datetime


@dataclass(frozen=True)
class Finding:
    """`reading` and `threshold` stay what they were, whatever is found out afterwards."""

    ticket_id: str
    outcome: Outcome
    reading: Reading
    threshold: float
    time: datetime
    needs_review: bool = False
    review: Review | None = None

    @property
    def likeliest(self) -> tuple[str, float] | None:
        ranked = self.ranked
        return ranked[0] if ranked else None

    @property
    def ranked(self) -> Sequence[tuple[str, float]]:
        """The labels, the likeliest first."""
        return sorted(self.reading.probabilities.items(), key=lambda each: (-each[1], each[0]))

    def reviewed(self, review: Review) -> "Finding":
        return replace(self, review=review, needs_review=False)


@dataclass(frozen=True)
class Correction:
    """A row to learn from: the text as it was read, and its label."""

    correction_id: str
    ticket_id: str
    text: str
    label: str
    found_label: str
    found_probability: float
    actor_id: UserId
    create_time: datetime


def outcome_of(reading: Reading, threshold: float) -> Outcome:
    if reading.words < LEAST_WORDS:
        return Outcome.TOO_SHORT
    if not reading.is_english:
        return Outcome.NOT_ENGLISH
    if not reading.probabilities:
        return Outcome.NO_MODEL
    if reading.out_of_scope >= OUT_OF_SCOPE_FROM:
        return Outcome.OUT_OF_SCOPE
    sure = max(reading.probabilities.values()) >= threshold
    return Outcome.CLASSIFIED if sure else Outcome.UNSURE


def text_of(ticket: Ticket) -> str:
    return f"{ticket.subject}\n{ticket.body}"


def routed(ticket: Ticket, queue: str, act: Act, cause: str) -> Change:
    """Puts the ticket into the queue; nobody but triage may be the cause."""
    if ticket.queue == queue:
        return Change(ticket, ticket)
    after = touched(replace(ticket, queue=queue), act)
    return Change(
        ticket, after, (event_of(ticket, after, TicketEventKind.UPDATED, act, cause=cause),)
    )


def require_label(field_name: str, label: str) -> None:
    if label not in LABELS:
        raise TriageLabelUnknown(field_name, label, LABELS)


def queues_by_label(pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    queues: dict[str, str] = {}
    for label, queue in pairs:
        require_label("settings.queues", label)
        if label in queues:
            raise TriageLabelTwice(label)
        queues[label] = queue
    return queues
