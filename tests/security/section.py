"""What a section of the proof is, and what it tells when it has run.

SECTION = Section("store", Figure("cross-tenant tries at the store", "0 through", 1_000_000), run)

`run` is given a scale and a seed and gives back an Outcome. It is reached when nothing failed, the
control was caught, and at full scale when there were as many tries as the figure asks for.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Scale(StrEnum):
    FULL = "full"
    SHORT = "short"


@dataclass(frozen=True)
class Figure:
    what: str
    wanted: str
    least: int
    """How many tries make the figure at full scale."""


@dataclass(frozen=True)
class Control:
    """The same test with a defence taken away. A zero proves nothing unless this goes red."""

    without: str
    caught: bool


@dataclass(frozen=True)
class Outcome:
    count: int
    failures: Sequence[str]
    """One line for each try that ended otherwise than it should."""
    control: Control
    details: Sequence[str] = ()
    """Lines worth printing beside the figure: a table, a distribution."""

    def misses(self, figure: Figure, scale: Scale) -> list[str]:
        """What keeps the figure from being reached."""
        found = [f"{len(self.failures):,} failures"] if self.failures else []
        if not self.control.caught:
            found.append(f"control not caught: {self.control.without}")
        if self.count == 0 or (scale is Scale.FULL and self.count < figure.least):
            found.append(f"only {self.count:,} of {figure.least:,}")
        return found


Run = Callable[[Scale, int], Awaitable[Outcome]]


@dataclass(frozen=True)
class Section:
    name: str
    figure: Figure
    run: Run


def assert_reached(outcome: Outcome, figure: Figure) -> None:
    """For the short version of a section, which is an ordinary test."""
    assert not outcome.misses(figure, Scale.SHORT), "\n".join(outcome.failures[:20])
    assert outcome.control.caught, f"not caught: {outcome.control.without}"
