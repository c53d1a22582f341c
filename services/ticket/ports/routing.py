"""What routing needs fulfilled: its policies, its books, a classifier, and what drives tickets."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId, UserId
from services.ticket.domain import Ticket
from services.ticket.routing.choosing import Waiting, Workforce
from services.ticket.routing.policy import RoutingPolicy
from services.ticket.routing.steps import StepKind


@dataclass(frozen=True)
class KeptRoutingPolicy:
    policy: RoutingPolicy
    update_time: datetime


class RoutingPolicies(Protocol):
    async def find(self, tenant_id: TenantId) -> KeptRoutingPolicy | None: ...

    async def keep(self, tenant_id: TenantId, kept: KeptRoutingPolicy) -> None:
        """Keeps it in place of the one before, and queues word of it for the dispatcher."""


@dataclass(frozen=True)
class KeptStep:
    """A row of the ledger; queue and assignee are those afterwards."""

    place: int
    kind: StepKind
    reason: str
    create_time: datetime
    queue: str
    assignee_id: UserId | None
    waiting: Waiting | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class RoutingState:
    """Of one ticket: what drives it, what it waits for, and when it is looked at again."""

    engine: str
    is_done: bool
    next_time: datetime | None


@dataclass(frozen=True)
class DueRouting:
    """Whoever changes the row of this time first has it; a new one was never looked at."""

    tenant_id: TenantId
    ticket_id: str
    next_time: datetime
    is_new: bool = False


class RoutingBooks(Protocol):
    """The ledger of steps, and who waits. What is written joins the transaction under way."""

    async def start(
        self,
        tenant_id: TenantId,
        ticket_ids: Collection[str],
        engine: str,
        next_time: datetime | None,
    ) -> None:
        """Leaves alone those that are being routed already."""

    async def wake(self, tenant_id: TenantId, ticket_id: str, now: datetime) -> None:
        """Makes it due, unless routing is done with it, or has never begun."""

    async def wake_all(self, tenant_id: TenantId, now: datetime) -> None: ...

    async def put_off(self, due: DueRouting, until: datetime) -> None:
        """Where nobody has changed the row meanwhile."""

    async def list_due(self, engine: str, now: datetime, *, limit: int) -> list[DueRouting]: ...

    async def next_time(self, engine: str) -> datetime | None:
        """Returns when the next one is due, of all tenants."""
        ...

    async def list_going_on(self, tenant_id: TenantId) -> list[str]:
        """Returns the tickets with which routing is not done."""
        ...

    async def list_of_others(self, engine: str, *, limit: int) -> list[tuple[TenantId, str]]:
        """Returns tickets that another engine drives, of all tenants."""
        ...

    async def note_engine(
        self, tenant_id: TenantId, ticket_id: str, engine: str, next_time: datetime | None
    ) -> None:
        """From now on this engine drives the ticket."""

    async def claim(self, due: DueRouting) -> bool: ...

    async def keep_state(
        self,
        tenant_id: TenantId,
        ticket_id: str,
        *,
        is_done: bool,
        waits_for_place: bool,
        next_time: datetime | None,
    ) -> None: ...

    async def find_state(self, tenant_id: TenantId, ticket_id: str) -> RoutingState | None: ...

    async def list_waiting_for_place(self, tenant_id: TenantId) -> list[str]:
        """Returns of each queue the oldest ticket for which everybody was full."""
        ...

    async def list_steps(self, tenant_id: TenantId, ticket_id: str) -> list[KeptStep]: ...

    async def note(self, tenant_id: TenantId, ticket_id: str, step: KeptStep) -> None:
        """No effect is noted twice; whoever tries fails with their whole transaction."""

    async def find_workforce(
        self, tenant_id: TenantId, user_ids: Collection[UserId]
    ) -> Workforce: ...

    async def note_turn(self, tenant_id: TenantId, user_id: UserId, time: datetime) -> None: ...


Settling = Callable[[], Awaitable[str]]
"""Puts a ticket into its queue, once however often it is called, and returns why it is there."""


class Classifier(Protocol):
    async def judge(self, tenant_id: TenantId, ticket: Ticket) -> Settling:
        """Called outside of any transaction; what it returns, as the first thing within one."""
        ...


@dataclass(frozen=True)
class OutboxItem:
    tenant_id: TenantId
    outbox_id: str
    kind: str
    ticket_id: str  # empty where it speaks of the whole tenant


class RoutingOutbox(Protocol):
    async def list_waiting(self, *, limit: int, offset: int) -> list[OutboxItem]:
        """Returns the oldest first."""
        ...

    async def note_delivered(self, items: Sequence[OutboxItem], time: datetime) -> None: ...

    async def prune(self, delivered_before: datetime, *, limit: int) -> int:
        """Returns how many are gone."""
        ...


class Engine(Protocol):
    """Drives each ticket that it was given once, until routing is done with it."""

    @property
    def name(self) -> str: ...

    async def start(self, tenant_id: TenantId, ticket_ids: Collection[str]) -> None:
        """However often it is called for a ticket, the ticket is started once.

        After an exception any number of them may have been started.
        """

    async def wake(self, tenant_id: TenantId, ticket_id: str) -> None:
        """Has the ticket looked at soon; of no effect for one that was never started."""

    async def wake_all(self, tenant_id: TenantId) -> None: ...

    async def take_over(self) -> int:
        """Takes tickets that another engine drove until now; returns how many."""
        ...

    async def drive(self) -> int:
        """Returns how many tickets it saw to here and now."""
        ...

    async def next_time(self) -> datetime | None:
        """Returns when there is something to drive here."""
        ...
