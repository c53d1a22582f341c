"""What was fetched, kept for a while; never more than so many, the longest unused goes first."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Value = TypeVar("Value")

MOST = 256


class Kept(Generic[Value]):
    def __init__(self, clock: Callable[[], datetime], most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._values: OrderedDict[str, tuple[datetime, Value]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, not_older_than: timedelta) -> Value | None:
        kept = self._values.get(name)
        if kept is None or self._clock() - kept[0] >= not_older_than:
            return None
        self._values.move_to_end(name)
        return kept[1]

    def keep(self, name: str, value: Value) -> Value:
        self._values[name] = (self._clock(), value)
        self._values.move_to_end(name)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
        return value
