"""Counts how often a store told of a changed policy."""


class News:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1
