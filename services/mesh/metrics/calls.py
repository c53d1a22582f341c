"""Counts the calls that a server answers, and how long they take."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from services.mesh.metrics.families import Family, Kind, Sample

# In seconds; the limits of the contract's calls lie between 1 and 60.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass
class _Durations:
    # One more than there are bounds: for what took longer than all of them.
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total_seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total_seconds += seconds


class CallMetrics:
    def __init__(self) -> None:
        self._ended: Counter[tuple[str, str]] = Counter()
        self._durations: defaultdict[str, _Durations] = defaultdict(_Durations)

    def note(self, method: str, code: str, seconds: float | None) -> None:
        """A call has ended; `seconds` is None where its time says nothing."""
        self._ended[method, code] += 1
        if seconds is not None:
            self._durations[method].add(seconds)

    async def collect(self) -> list[Family]:
        return [
            Family(
                "helpdesk_grpc_requests_total",
                Kind.COUNTER,
                "Calls that have ended, by method and code.",
                [
                    Sample(count, (("method", method), ("code", code)))
                    for (method, code), count in sorted(self._ended.items())
                ],
            ),
            Family(
                "helpdesk_grpc_request_seconds",
                Kind.HISTOGRAM,
                "How long calls took that are no streams, by method.",
                [
                    sample
                    for method, durations in sorted(self._durations.items())
                    for sample in _samples(method, durations)
                ],
            ),
        ]


def _samples(method: str, durations: _Durations) -> Iterator[Sample]:
    labels = (("method", method),)
    bounds = [*map(str, BOUNDS), "+Inf"]
    for bound, count in zip(bounds, accumulate(durations.counts), strict=True):
        yield Sample(count, (*labels, ("le", bound)), "_bucket")
    yield Sample(durations.total_seconds, labels, "_sum")
    yield Sample(sum(durations.counts), labels, "_count")
