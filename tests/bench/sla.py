"""How many due times a core tells, beside the walk minute by minute in the same run.

    python -m tests.bench.sla --histories 2000

A history is read whole for each answer, and told when its clocks turn amber, turn red and are due.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

from services.ticket.sla.clocks import open_clocks
from services.ticket.sla.open_time import OpenTime
from tests.ticket.sla.histories import Case, cases
from tests.ticket.sla.reference import Walk

SEED = 20271031
ROUNDS = 9
WALKED = 100
WANTED = 50_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=2_000)
    print("\n".join(measure(parser.parse_args().histories)))


def measure(histories: int) -> list[str]:
    made = list(cases(histories, SEED))
    begun = time.thread_time()
    axes = [OpenTime(case.policy.calendar) for case in made]
    told = tell(made, axes)
    laid_out = (time.thread_time() - begun) / len(made)
    seconds = median(timed(lambda: tell(made, axes)) for _ in range(ROUNDS))
    walked = made[: max(1, WALKED // len(made[0].histories))]
    walks = [Walk.of(case.policy.calendar, case.start) for case in walked]
    slow_seconds = timed(lambda: walk(walked, walks))
    slow_told = tell(walked, axes)
    entries = sum(len(history) for case in made for history in case.histories) / histories
    rate, slow_rate = told / seconds, slow_told / slow_seconds
    return [
        f"{histories:,} histories of {entries:.1f} entries; median of {ROUNDS} rounds, one core",
        f"laying out a calendar and a first answer {laid_out * 1000:12,.1f} ms",
        f"the engine                               {rate:12,.0f} due times/s",
        f"histories read                           {histories / seconds:12,.0f} /s",
        f"the walk minute by minute                {slow_rate:12,.0f} due times/s",
        f"ratio, engine to walk                    {rate / slow_rate:12,.0f}",
        f"wanted: {WANTED:,} due times/s: {'reached' if rate >= WANTED else 'MISSED'}",
    ]


def tell(made: list[Case], axes: list[OpenTime]) -> int:
    """Counts the due times; amber and red are told with each, and are not counted."""
    return sum(
        clock.due_time is not None
        for case, axis in zip(made, axes, strict=False)
        for history in case.histories
        for clock in open_clocks(case.policy, axis, history)
    )


def walk(made: list[Case], walks: list[Walk]) -> None:
    for case, slow in zip(made, walks, strict=True):
        for history in case.histories:
            slow.times(case.policy, history)


def timed(run: Callable[[], object]) -> float:
    """In seconds of this thread, whoever else wants the cores."""
    begun = time.thread_time()
    run()
    return time.thread_time() - begun


if __name__ == "__main__":
    main()
