"""Tells that a long section is alive."""

import sys
import time

_SECONDS_BETWEEN_LINES = 15.0


class Progress:
    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._begun = self._told = time.monotonic()

    def step(self, count: int = 1) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._told < _SECONDS_BETWEEN_LINES:
            return
        self._told = now
        rate = self._done / (now - self._begun)
        sys.stderr.write(
            f"    {self._what}: {self._done:,} of {self._total:,}, {rate:,.0f}/s, "
            f"{(self._total - self._done) / rate:,.0f} s to go\n"
        )
        sys.stderr.flush()
