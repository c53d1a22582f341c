"""Where a process that routes tickets is killed."""

import os
import random
import signal
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from services.ticket.routing.steps import EFFECTS, StepKind


class KillPoint(StrEnum):
    OUTBOX_READ = "outbox read, nobody told"
    BOOKED = "in the books, engine not told"
    TOLD = "engine told, outbox not noted"
    NOTED = "outbox noted"
    JUDGED = "classified, no transaction yet"
    BEGINNING = "before the transaction"
    CLAIMED = "claimed, nothing decided"
    DECIDED = "decided, nothing written"
    WRITTEN = "ticket and outbox written, ledger not"
    LEDGER = "ledger written, state not"
    STATE = "all written, not committed"
    COMMITTED = "committed, no answer given"


Place = tuple[KillPoint, str]
# Beside the steps that have an effect: a wait with a time, and what belongs to no single step.
TIMER, ANY = "TIMER", "ANY"
STEPS = (*(kind.value for kind in StepKind if kind in EFFECTS), TIMER, ANY)
_OF_EFFECTS = (
    KillPoint.DECIDED,
    KillPoint.WRITTEN,
    KillPoint.LEDGER,
    KillPoint.STATE,
    KillPoint.COMMITTED,
)
_OF_NONE = (
    KillPoint.OUTBOX_READ,
    KillPoint.BOOKED,
    KillPoint.TOLD,
    KillPoint.NOTED,
    KillPoint.BEGINNING,
)
ON_TEMPORAL: frozenset[Place] = frozenset(
    {
        *((point, kind.value) for point in _OF_EFFECTS for kind in EFFECTS),
        *((point, TIMER) for point in (KillPoint.STATE, KillPoint.COMMITTED)),
        *((point, ANY) for point in _OF_NONE),
        (KillPoint.JUDGED, StepKind.CLASSIFY.value),
    }
)
# Temporal gives a step to one worker; here it is had by whoever claims the row.
IN_PROCESS = ON_TEMPORAL | {(KillPoint.CLAIMED, ANY)}


@dataclass(frozen=True)
class Doom:
    """Kills this process at a place where those before it were not killed often enough.

    By chance where a step has an effect, so that different tickets are struck.
    """

    file: Path
    places: frozenset[Place]
    times: int
    chance: float

    def at(self, point: KillPoint, step: str = ANY) -> None:
        place = (point, step)
        is_sure = step in (TIMER, ANY)
        if place not in self.places or not (is_sure or random.random() < self.chance):  # noqa: S311
            return
        if struck(self.file)[place] < self.times:
            with self.file.open("a") as kept:
                kept.write(f"{point}|{step}\n")
            os.kill(os.getpid(), signal.SIGKILL)


def struck(file: Path) -> Counter[Place]:
    """How often which place was."""
    lines = file.read_text().splitlines() if file.exists() else []
    words = (line.split("|") for line in lines)
    return Counter((KillPoint(point), step) for point, step in words)
