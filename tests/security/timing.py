"""Whether the time of an answer tells a foreign id from one that never was."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

_ENOUGH = 100
_SIGMAS = 5.0
_SMALL = 0.05
"""A difference in rank that no attacker can use within a tenant's rate limit."""


class Timing:
    def __init__(self) -> None:
        self._foreign: dict[str, list[float]] = {}
        self._missing: dict[str, list[float]] = {}

    def add(self, what: str, foreign: float, missing: float) -> None:
        self._foreign.setdefault(what, []).append(foreign)
        self._missing.setdefault(what, []).append(missing)

    def failures(self) -> list[str]:
        return [
            f"{what}: a foreign id is slower than a missing one in {share:.1%} of all pairs"
            for what, share, count in self._shares()
            if count >= _ENOUGH and abs(share - 0.5) > _SMALL + _SIGMAS * _sigma(count)
        ]

    def lines(self) -> Iterator[str]:
        yield "milliseconds for foreign and missing ids, and how often the foreign one is slower"
        for what, share, count in self._shares():
            foreign, missing = _quantiles(self._foreign[what]), _quantiles(self._missing[what])
            yield (
                f"{what:<26} n {count:>6}  p50 {foreign[0]:6.1f} {missing[0]:6.1f}  "
                f"p95 {foreign[1]:6.1f} {missing[1]:6.1f}  slower {share:6.1%} "
                f"(chance ± {2 * _sigma(count):.1%})"
            )

    def _shares(self) -> Iterator[tuple[str, float, int]]:
        for what in sorted(self._foreign):
            foreign, missing = self._foreign[what], sorted(self._missing[what])
            yield what, _slower_share(foreign, missing), len(foreign)


def _slower_share(first: Sequence[float], second_sorted: Sequence[float]) -> float:
    """The rank-sum statistic as a share: 0.5 when nothing tells the two apart."""
    wins = sum(
        (bisect_left(second_sorted, value) + bisect_right(second_sorted, value)) / 2
        for value in first
    )
    return wins / (len(first) * len(second_sorted))


def _sigma(count: int) -> float:
    return float((1 / (6 * count)) ** 0.5)


def _quantiles(values: Sequence[float]) -> tuple[float, float]:
    ordered = [value * 1000 for value in sorted(values)]
    return ordered[int(0.5 * (len(ordered) - 1))], ordered[int(0.95 * (len(ordered) - 1))]
