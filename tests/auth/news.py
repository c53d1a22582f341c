"""Counts how often a store told of a changed policy."""

from services.auth.domain import RulesTouched


class News:
    def __init__(self) -> None:
        self.count = 0
        self.last: RulesTouched | None = None

    def __call__(self, touched: RulesTouched | None) -> None:
        self.count += 1
        self.last = touched
