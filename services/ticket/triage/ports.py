"""What triage needs fulfilled: somebody who classifies, and a place for what was found."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId
from services.ticket.domain import Ticket
from services.ticket.triage.drift import Found
from services.ticket.triage.finding import Correction, Finding, Reading, Review, TriageSettings
from services.ticket.triage.lesson import Lesson


class Classifier(Protocol):
    async def classify(self, texts: Sequence[str]) -> list[Reading]:
        """Answers for each text, and never fails: without a model there are no probabilities."""
        ...


@dataclass(frozen=True)
class Judged:
    """How sure a finding was, and whether the person who looked at it agreed."""

    probability: float
    is_classified: bool
    is_right: bool | None


class Triages(Protocol):
    """The triage of one tenant, within one transaction."""

    async def find_settings(self) -> TriageSettings: ...

    async def keep_settings(self, settings: TriageSettings) -> None: ...

    async def find(self, ticket_id: str) -> Finding | None: ...

    async def is_waiting(self, ticket_id: str) -> bool: ...

    async def keep(self, finding: Finding) -> bool:
        """Keeps what was found, once: False where there is a finding of the ticket already."""
        ...

    async def review(self, ticket_id: str, review: Review) -> None: ...

    async def add_correction(self, correction: Correction) -> None: ...

    async def count_corrections(self) -> int: ...

    async def list_corrections(self, limit: int) -> list[Correction]:
        """Returns the newest rows to learn from, of these the oldest first."""
        ...

    async def find_lesson(self) -> Lesson | None: ...

    async def keep_lesson(self, lesson: Lesson) -> None:
        """In place of the one before."""
        ...

    async def list_reviews(self, limit: int) -> list[tuple[Finding, Ticket]]: ...

    async def count_reviews(self) -> int: ...

    async def list_judged(self) -> list[Judged]: ...

    async def list_found(self, since: datetime) -> list[Found]:
        """Returns in which queues the settings of now put what was found since then."""
        ...


class TriageStore(Protocol):
    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Triages]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Triages]:
        """Joins the one that the task has open, so that all is kept or nothing."""
        ...


@dataclass(frozen=True)
class WaitingTicket:
    tenant_id: TenantId
    ticket_id: str
    wait_time: datetime


class TriageOutbox(Protocol):
    async def list_waiting(self, limit: int) -> list[WaitingTicket]:
        """Of all tenants, those first that wait longest."""
        ...


class TriageTenants(Protocol):
    async def list_enabled(self) -> list[TenantId]:
        """Returns the tenants that have triage on."""
        ...
