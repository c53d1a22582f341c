"""What was learned of a tenant's corrections, and when."""

from dataclasses import dataclass
from datetime import datetime

from services.ticket.triage.learning import Learned


@dataclass(frozen=True)
class Lesson:
    """`model` is the one whose probabilities it stands on; `corrections` were all there were."""

    model: str
    corrections: int
    learned: Learned
    time: datetime
