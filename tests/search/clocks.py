"""A clock that tests turn on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.search.builders import NOON


@dataclass
class TurnedClock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)
