"""The books of routing: the ledger of steps, who is due, and whose turn it was."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update

from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database
from services.mesh.prepared import Prepared
from services.ticket.domain import TicketStatus
from services.ticket.ports.routing import DueRouting, KeptStep, RoutingState
from services.ticket.routing.choosing import Waiting, Workforce
from services.ticket.routing.steps import EFFECTS, StepKind
from services.ticket.store.own import upsert
from services.ticket.tables.routing import RoutingRow, RoutingStepRow, RoutingTurnRow
from services.ticket.tables.tickets import TicketRow

_START = Prepared(lambda insert_into: insert_into(RoutingRow).on_conflict_do_nothing())
_AT_WORK = (TicketStatus.NEW, TicketStatus.OPEN)


class SqlRoutingBooks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(
        self,
        tenant_id: TenantId,
        ticket_ids: Collection[str],
        engine: str,
        next_time: datetime | None,
    ) -> None:
        each = {"tenant_id": tenant_id, "engine": engine, "next_time": next_time}
        async with self._database.tenant_transaction(tenant_id) as session:
            # In one order, so that two processes do not wait for each other.
            rows = ({**each, "ticket_id": ticket_id} for ticket_id in sorted({*ticket_ids}))
            await session.write(_START, *rows)

    async def wake(self, tenant_id: TenantId, ticket_id: str, now: datetime) -> None:
        await self._set_next_time(tenant_id, now, RoutingRow.ticket_id == ticket_id)

    async def wake_all(self, tenant_id: TenantId, now: datetime) -> None:
        await self._set_next_time(tenant_id, now)

    async def put_off(self, due: DueRouting, until: datetime) -> None:
        await self._set_next_time(
            due.tenant_id,
            until,
            RoutingRow.ticket_id == due.ticket_id,
            RoutingRow.next_time == due.next_time,
        )

    async def list_due(self, engine: str, now: datetime, *, limit: int) -> list[DueRouting]:
        statement = (
            select(
                RoutingRow.tenant_id,
                RoutingRow.ticket_id,
                RoutingRow.next_time,
                RoutingRow.is_new,
            )
            .where(RoutingRow.next_time <= now, RoutingRow.engine == engine)
            .order_by(RoutingRow.next_time, RoutingRow.tenant_id, RoutingRow.ticket_id)
            .limit(limit)
        )
        async with self._database.system_reading() as session:
            return [
                DueRouting(TenantId(row.tenant_id), row.ticket_id, row.next_time, row.is_new)
                for row in await session.execute(statement)
            ]

    async def next_time(self, engine: str) -> datetime | None:
        statement = (
            select(RoutingRow.next_time)
            .where(RoutingRow.next_time.is_not(None), RoutingRow.engine == engine)
            .order_by(RoutingRow.next_time)
            .limit(1)
        )
        async with self._database.system_reading() as session:
            return await session.scalar(statement)

    async def list_going_on(self, tenant_id: TenantId) -> list[str]:
        statement = select(RoutingRow.ticket_id).where(
            RoutingRow.tenant_id == tenant_id, RoutingRow.is_done.is_(False)
        )
        async with self._database.tenant_reading(tenant_id) as session:
            return [*await session.scalars(statement)]

    async def list_of_others(self, engine: str, *, limit: int) -> list[tuple[TenantId, str]]:
        statement = (
            select(RoutingRow.tenant_id, RoutingRow.ticket_id)
            .where(RoutingRow.is_done.is_(False), RoutingRow.engine != engine)
            .limit(limit)
        )
        async with self._database.system_reading() as session:
            rows = await session.execute(statement)
            return [(TenantId(row.tenant_id), row.ticket_id) for row in rows]

    async def note_engine(
        self, tenant_id: TenantId, ticket_id: str, engine: str, next_time: datetime | None
    ) -> None:
        async with self._database.tenant_transaction(tenant_id) as session:
            await session.execute(
                update(RoutingRow)
                .where(_is(tenant_id, ticket_id))
                .values(engine=engine, next_time=next_time)
                .execution_options(synchronize_session=False)
            )

    async def claim(self, due: DueRouting) -> bool:
        async with self._database.tenant_transaction(due.tenant_id) as session:
            claimed = await session.scalar(
                update(RoutingRow)
                .where(_is(due.tenant_id, due.ticket_id), RoutingRow.next_time == due.next_time)
                .values(next_time=None)
                .returning(RoutingRow.ticket_id)
                .execution_options(synchronize_session=False)
            )
            return claimed is not None

    async def keep_state(
        self,
        tenant_id: TenantId,
        ticket_id: str,
        *,
        is_done: bool,
        waits_for_place: bool,
        next_time: datetime | None,
    ) -> None:
        async with self._database.tenant_transaction(tenant_id) as session:
            await session.execute(
                update(RoutingRow)
                .where(_is(tenant_id, ticket_id))
                .values(
                    is_new=False,
                    is_done=is_done,
                    waits_for_place=waits_for_place,
                    next_time=next_time,
                )
                .execution_options(synchronize_session=False)
            )

    async def find_state(self, tenant_id: TenantId, ticket_id: str) -> RoutingState | None:
        async with self._database.tenant_reading(tenant_id) as session:
            found = await session.execute(
                select(RoutingRow.engine, RoutingRow.is_done, RoutingRow.next_time).where(
                    _is(tenant_id, ticket_id)
                )
            )
            row = found.one_or_none()
            return RoutingState(row.engine, row.is_done, row.next_time) if row else None

    async def list_waiting_for_place(self, tenant_id: TenantId) -> list[str]:
        # Ids grow with time, so that the least is the oldest.
        statement = (
            select(func.min(RoutingRow.ticket_id))
            .join(
                TicketRow,
                (TicketRow.tenant_id == RoutingRow.tenant_id)
                & (TicketRow.ticket_id == RoutingRow.ticket_id),
            )
            .where(
                RoutingRow.tenant_id == tenant_id,
                TicketRow.tenant_id == tenant_id,
                RoutingRow.waits_for_place,
            )
            .group_by(TicketRow.queue)
        )
        async with self._database.tenant_reading(tenant_id) as session:
            return [each for each in await session.scalars(statement) if each is not None]

    async def list_steps(self, tenant_id: TenantId, ticket_id: str) -> list[KeptStep]:
        statement = (
            select(RoutingStepRow)
            .where(RoutingStepRow.tenant_id == tenant_id, RoutingStepRow.ticket_id == ticket_id)
            .order_by(RoutingStepRow.place)
        )
        async with self._database.tenant_reading(tenant_id) as session:
            return [_step_from(row) for row in await session.scalars(statement)]

    async def note(self, tenant_id: TenantId, ticket_id: str, step: KeptStep) -> None:
        is_effect = step.kind in EFFECTS or step.kind is StepKind.DONE
        async with self._database.tenant_transaction(tenant_id) as session:
            await session.execute(
                insert(RoutingStepRow).values(
                    tenant_id=tenant_id,
                    ticket_id=ticket_id,
                    step_key=step.kind if is_effect else f"{step.kind}:{step.place}",
                    place=step.place,
                    kind=step.kind,
                    reason=step.reason,
                    create_time=step.create_time,
                    queue=step.queue,
                    assignee_id=step.assignee_id,
                    waiting=step.waiting,
                    until=step.until,
                )
            )

    async def find_workforce(self, tenant_id: TenantId, user_ids: Collection[UserId]) -> Workforce:
        loads = (
            select(TicketRow.assignee_id, func.count())
            .where(
                TicketRow.tenant_id == tenant_id,
                TicketRow.assignee_id.in_(user_ids),
                TicketRow.status.in_(_AT_WORK),
            )
            .group_by(TicketRow.assignee_id)
        )
        turns = select(RoutingTurnRow.user_id, RoutingTurnRow.turn_time).where(
            RoutingTurnRow.tenant_id == tenant_id, RoutingTurnRow.user_id.in_(user_ids)
        )
        async with self._database.tenant_reading(tenant_id) as session:
            return Workforce(
                {UserId(user or ""): count for user, count in await session.execute(loads)},
                {UserId(user): time for user, time in await session.execute(turns)},
            )

    async def note_turn(self, tenant_id: TenantId, user_id: UserId, time: datetime) -> None:
        async with self._database.tenant_transaction(tenant_id) as session:
            await session.execute(
                upsert(session, RoutingTurnRow)
                .values(tenant_id=tenant_id, user_id=user_id, turn_time=time)
                .on_conflict_do_update(
                    index_elements=[RoutingTurnRow.tenant_id, RoutingTurnRow.user_id],
                    set_={"turn_time": time},
                )
            )

    async def _set_next_time(
        self, tenant_id: TenantId, time: datetime, *conditions: ColumnElement[bool]
    ) -> None:
        async with self._database.tenant_transaction(tenant_id) as session:
            await session.execute(
                update(RoutingRow)
                .where(
                    RoutingRow.tenant_id == tenant_id, RoutingRow.is_done.is_(False), *conditions
                )
                .values(next_time=time)
                .execution_options(synchronize_session=False)
            )


def _is(tenant_id: TenantId, ticket_id: str) -> ColumnElement[bool]:
    return (RoutingRow.tenant_id == tenant_id) & (RoutingRow.ticket_id == ticket_id)


def _step_from(row: RoutingStepRow) -> KeptStep:
    return KeptStep(
        place=row.place,
        kind=StepKind(row.kind),
        reason=row.reason,
        create_time=row.create_time,
        queue=row.queue,
        assignee_id=UserId(row.assignee_id) if row.assignee_id is not None else None,
        waiting=Waiting(row.waiting) if row.waiting is not None else None,
        until=row.until,
    )
