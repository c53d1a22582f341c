"""How long to wait before a process that died is started again, and when to stop trying."""

from dataclasses import dataclass

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
STEADY_SECONDS = 10.0
HOPELESS_STARTS = 3

CONFIGURATION_EXIT_CODES = frozenset({2, 78})


@dataclass
class Backoff:
    """One process's history. A process that never became ready is given up after a few deaths;
    one that once worked is started again for ever, at most every five seconds.
    """

    was_ready: bool = False
    quick_deaths: int = 0

    def after_death(self, seconds_alive: float) -> float:
        """Returns the seconds to wait before the next start."""
        self.quick_deaths = 1 if seconds_alive >= STEADY_SECONDS else self.quick_deaths + 1
        return float(min(FIRST_WAIT_SECONDS * 2 ** (self.quick_deaths - 1), LONGEST_WAIT_SECONDS))

    def is_hopeless(self, exit_code: int) -> bool:
        if exit_code in CONFIGURATION_EXIT_CODES:
            return True
        return not self.was_ready and self.quick_deaths >= HOPELESS_STARTS
