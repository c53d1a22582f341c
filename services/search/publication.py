"""When a version is found: whether it is published, and its dates."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

# A moment at which nothing with dates has begun or ended yet.
BEGINNING = datetime.min.replace(tzinfo=UTC)


class DocumentState(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


@dataclass(frozen=True)
class Period:
    """`begin` belongs to it and `end` does not; without them it has no beginning or no end."""

    begin: datetime | None = None
    end: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        return self.has_begun_at(moment) and (self.end is None or moment < self.end)

    def has_begun_at(self, moment: datetime) -> bool:
        return self.begin is None or self.begin <= moment

    @property
    def is_reversed(self) -> bool:
        return self.begin is not None and self.end is not None and self.end <= self.begin


ALWAYS = Period()


@dataclass(frozen=True)
class Standing:
    """What a search asks of a document's passages besides who may read them."""

    is_archived: bool = False
    period: Period = ALWAYS

    def holds_at(self, moment: datetime) -> bool:
        return not self.is_archived and self.period.holds_at(moment)


IN_FORCE = Standing()
