"""The parts of routing, which are killed at their boundaries and are otherwise as ever."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime

from services.mesh.caller import TenantId
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.domain import Change, Ticket, TicketEventKind
from services.ticket.ports.routing import DueRouting, KeptStep, OutboxItem, Settling
from services.ticket.routing.steps import EFFECTS, StepKind
from services.ticket.sla.history import TURNS
from services.ticket.store import SqlOutbox, SqlRoutingBooks, SqlTicketStore
from services.ticket.store.sla_rules import SlaRulebook
from services.ticket.store.sql import SqlTickets
from tests.durability.kill_points import ANY, TIMER, Doom, KillPoint
from tests.ticket.routing.keeps_queue import KeepsQueue
from tests.ticket.routing.routing_desk import Parts

_step: ContextVar[str] = ContextVar("step", default=ANY)
_is_escalated: ContextVar[bool] = ContextVar("is_escalated", default=False)


def dying_parts(database: Database, doom: Doom, *, is_forgetful: bool = False) -> Parts:
    books = ForgetfulBooks if is_forgetful else DyingBooks
    return Parts(
        store=DyingStore(database, doom),
        books=books(database, doom),
        outbox=DyingOutbox(database, doom),
        classifier=DyingClassifier(doom),
    )


class DyingStore(SqlTicketStore):
    def __init__(self, database: Database, doom: Doom) -> None:
        super().__init__(database)
        self._doom = doom
        self._rules = SlaRulebook()

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[SqlTickets]:
        self._doom.at(KillPoint.BEGINNING)
        _step.set(ANY)
        async with super().transaction(tenant_id) as tickets:
            yield tickets
        self._doom.at(KillPoint.COMMITTED, _step.get())

    def _tickets(self, session: Session, tenant_id: TenantId) -> SqlTickets:
        return DyingTickets(session, tenant_id, self._rules, self._doom)


class DyingTickets(SqlTickets):
    def __init__(
        self, session: Session, tenant_id: TenantId, rules: SlaRulebook, doom: Doom
    ) -> None:
        super().__init__(session, tenant_id, rules)
        self._doom = doom

    async def keep(self, change: Change) -> None:
        self._doom.at(KillPoint.DECIDED, _step_of(change))
        await super().keep(change)


class DyingBooks(SqlRoutingBooks):
    def __init__(self, database: Database, doom: Doom) -> None:
        super().__init__(database)
        self._doom = doom

    async def start(
        self,
        tenant_id: TenantId,
        ticket_ids: Collection[str],
        engine: str,
        next_time: datetime | None,
    ) -> None:
        await super().start(tenant_id, ticket_ids, engine, next_time)
        self._doom.at(KillPoint.BOOKED)

    async def claim(self, due: DueRouting) -> bool:
        is_claimed = await super().claim(due)
        if is_claimed:
            self._doom.at(KillPoint.CLAIMED)
        return is_claimed

    async def list_steps(self, tenant_id: TenantId, ticket_id: str) -> list[KeptStep]:
        steps = await super().list_steps(tenant_id, ticket_id)
        _is_escalated.set(any(step.kind is StepKind.ESCALATE for step in steps))
        return steps

    async def note(self, tenant_id: TenantId, ticket_id: str, step: KeptStep) -> None:
        if step.kind not in EFFECTS:
            await super().note(tenant_id, ticket_id, step)
            return
        _step.set(step.kind)
        self._doom.at(KillPoint.WRITTEN, step.kind)
        await self._write(tenant_id, ticket_id, step)
        self._doom.at(KillPoint.LEDGER, step.kind)

    async def _write(self, tenant_id: TenantId, ticket_id: str, step: KeptStep) -> None:
        await super().note(tenant_id, ticket_id, step)

    async def keep_state(
        self,
        tenant_id: TenantId,
        ticket_id: str,
        *,
        is_done: bool,
        waits_for_place: bool,
        next_time: datetime | None,
    ) -> None:
        await super().keep_state(
            tenant_id,
            ticket_id,
            is_done=is_done,
            waits_for_place=waits_for_place,
            next_time=next_time,
        )
        if _step.get() == ANY and next_time is not None and next_time > utc_now():
            _step.set(TIMER)
        self._doom.at(KillPoint.STATE, _step.get())


class ForgetfulBooks(DyingBooks):
    """The defence is off: the process remembers acknowledgements by itself."""

    def __init__(self, database: Database, doom: Doom) -> None:
        super().__init__(database, doom)
        self._remembered: dict[str, KeptStep] = {}

    async def list_steps(self, tenant_id: TenantId, ticket_id: str) -> list[KeptStep]:
        steps = await super().list_steps(tenant_id, ticket_id)
        remembered = self._remembered.get(ticket_id)
        return [*steps, remembered] if remembered is not None else steps

    async def _write(self, tenant_id: TenantId, ticket_id: str, step: KeptStep) -> None:
        if step.kind is StepKind.ACKNOWLEDGE:
            self._remembered[ticket_id] = step
        else:
            await super()._write(tenant_id, ticket_id, step)


class DyingOutbox(SqlOutbox):
    def __init__(self, database: Database, doom: Doom) -> None:
        super().__init__(database)
        self._doom = doom

    async def list_waiting(self, *, limit: int, offset: int) -> list[OutboxItem]:
        items = await super().list_waiting(limit=limit, offset=offset)
        if items:
            self._doom.at(KillPoint.OUTBOX_READ)
        return items

    async def note_delivered(self, items: Sequence[OutboxItem], time: datetime) -> None:
        self._doom.at(KillPoint.TOLD)
        await super().note_delivered(items, time)
        self._doom.at(KillPoint.NOTED)


class DyingClassifier:
    def __init__(self, doom: Doom) -> None:
        self._doom = doom

    async def judge(self, tenant_id: TenantId, ticket: Ticket) -> Settling:
        settling = await KeepsQueue().judge(tenant_id, ticket)
        self._doom.at(KillPoint.JUDGED, StepKind.CLASSIFY)
        return settling


def _step_of(change: Change) -> str:
    kinds = {event.kind for event in change.events} - TURNS
    if not kinds:
        return StepKind.CLASSIFY
    if TicketEventKind.ASSIGNED in kinds:
        return StepKind.ASSIGN_AGAIN if _is_escalated.get() else StepKind.ASSIGN
    return _STEPS[kinds.pop()]


_STEPS = {
    TicketEventKind.ACKNOWLEDGED: StepKind.ACKNOWLEDGE,
    TicketEventKind.UPDATED: StepKind.ESCALATE,
    TicketEventKind.CLOSED: StepKind.CLOSE,
}
