"""How often triage was right, by how sure it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.ticket.triage.finding import BANDS
from services.ticket.triage.ports import Judged


@dataclass(frozen=True)
class Band:
    """Findings of this probability: how many there are, were looked at, and were right."""

    from_probability: float
    until_probability: float
    tickets: int
    reviewed: int
    right: int


def bands_of(judged: Sequence[Judged]) -> list[Band]:
    return [_band(start, end, judged) for start, end in pairwise((*BANDS, 1.0))]


def _band(start: float, end: float, judged: Sequence[Judged]) -> Band:
    within = [
        one for one in judged if start <= one.probability and (one.probability < end or end == 1.0)
    ]
    reviewed = [one for one in within if one.is_right is not None]
    return Band(start, end, len(within), len(reviewed), sum(bool(one.is_right) for one in reviewed))
