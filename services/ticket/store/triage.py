"""The SQL of triage."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, bindparam, func, insert, select, update

from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database
from services.mesh.prepared import Prepared
from services.mesh.session import Session
from services.ticket.domain import Ticket
from services.ticket.store.own import upsert
from services.ticket.store.rows import ticket_from
from services.ticket.tables.tickets import TicketRow
from services.ticket.tables.triage import (
    TriageCorrectionRow,
    TriageHeadRow,
    TriageRow,
    TriageSettingsRow,
)
from services.ticket.triage.drift import Found
from services.ticket.triage.finding import (
    Correction,
    Finding,
    Outcome,
    Reading,
    Review,
    TriageSettings,
)
from services.ticket.triage.learning import Learned
from services.ticket.triage.lesson import Lesson
from services.ticket.triage.own_head import HeadUnusableError, OwnHead
from services.ticket.triage.ports import Judged, WaitingTicket

log = structlog.get_logger()

_LOOKED_AT = TriageRow.outcome.is_not(None)
_ENABLED = Prepared(
    lambda _: select(TriageSettingsRow.enabled).where(
        TriageSettingsRow.tenant_id == bindparam("own"), TriageSettingsRow.enabled
    )
)
_WAIT = Prepared(lambda insert_into: insert_into(TriageRow))


class SqlTriageStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlTriages"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlTriages(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlTriages"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlTriages(session, tenant_id)


class SqlTriageOutbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_waiting(self, limit: int) -> list[WaitingTicket]:
        statement = (
            select(TriageRow.tenant_id, TriageRow.ticket_id, TriageRow.wait_time)
            .where(TriageRow.wait_time.is_not(None))
            .order_by(TriageRow.wait_time, TriageRow.tenant_id, TriageRow.ticket_id)
            .limit(limit)
        )
        async with self._database.system_reading() as session:
            rows = await session.execute(statement)
            return [
                WaitingTicket(TenantId(row.tenant_id), row.ticket_id, row.wait_time) for row in rows
            ]


class SqlTriageTenants:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_enabled(self) -> list[TenantId]:
        statement = (
            select(TriageSettingsRow.tenant_id)
            .where(TriageSettingsRow.enabled)
            .order_by(TriageSettingsRow.tenant_id)
        )
        async with self._database.system_reading() as session:
            return [TenantId(tenant_id) for tenant_id in await session.scalars(statement)]


class SqlTriages:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    def foresee(self) -> None:
        """Whether a ticket waits is asked next."""
        self._session.foresee(_ENABLED, own=self._tenant_id)

    async def await_turn(self, ticket_id: str, time: datetime) -> None:
        """Only where the tenant has it on."""
        if await self._session.ask(_ENABLED, own=self._tenant_id):
            waiting = {"tenant_id": self._tenant_id, "ticket_id": ticket_id, "wait_time": time}
            await self._session.write(_WAIT, waiting)

    async def find_settings(self) -> TriageSettings:
        row = await self._session.scalar(
            select(TriageSettingsRow)
            .where(TriageSettingsRow.tenant_id == self._tenant_id)
            .execution_options(populate_existing=True)
        )
        if row is None:
            return TriageSettings()
        return TriageSettings(row.enabled, row.threshold, row.queues, row.update_time)

    async def keep_settings(self, settings: TriageSettings) -> None:
        columns = {**asdict(settings), "queues": dict(settings.queues)}
        await self._session.execute(
            upsert(self._session, TriageSettingsRow)
            .values(tenant_id=self._tenant_id, **columns)
            .on_conflict_do_update(index_elements=[TriageSettingsRow.tenant_id], set_=columns)
        )

    async def find(self, ticket_id: str) -> Finding | None:
        row = await self._session.scalar(
            select(TriageRow)
            .where(self._own(), TriageRow.ticket_id == ticket_id, _LOOKED_AT)
            .execution_options(populate_existing=True)
        )
        return _finding(row) if row is not None else None

    async def is_waiting(self, ticket_id: str) -> bool:
        statement = select(TriageRow.wait_time).where(self._own(), TriageRow.ticket_id == ticket_id)
        return await self._session.scalar(statement) is not None

    async def keep(self, finding: Finding) -> bool:
        columns = _columns(finding)
        kept = await self._session.execute(
            upsert(self._session, TriageRow)
            .values(tenant_id=self._tenant_id, ticket_id=finding.ticket_id, **columns)
            .on_conflict_do_update(
                index_elements=[TriageRow.tenant_id, TriageRow.ticket_id],
                set_=columns,
                where=TriageRow.outcome.is_(None),
            )
            .returning(TriageRow.ticket_id)
        )
        return kept.one_or_none() is not None

    async def review(self, ticket_id: str, review: Review) -> None:
        await self._session.execute(
            update(TriageRow)
            .where(self._own(), TriageRow.ticket_id == ticket_id)
            .values(
                correct_label=review.label,
                reviewer_id=review.reviewer_id,
                review_time=review.time,
                needs_review=False,
            )
            .execution_options(synchronize_session=False)
        )

    async def add_correction(self, correction: Correction) -> None:
        await self._session.execute(
            insert(TriageCorrectionRow).values(tenant_id=self._tenant_id, **asdict(correction))
        )

    async def count_corrections(self) -> int:
        statement = (
            select(func.count())
            .select_from(TriageCorrectionRow)
            .where(TriageCorrectionRow.tenant_id == self._tenant_id)
        )
        return await self._session.scalar(statement) or 0

    async def list_corrections(self, limit: int) -> list[Correction]:
        rows = await self._session.scalars(
            select(TriageCorrectionRow)
            .where(TriageCorrectionRow.tenant_id == self._tenant_id)
            .order_by(TriageCorrectionRow.correction_id.desc())
            .limit(limit)
        )
        return [
            Correction(
                correction_id=row.correction_id,
                ticket_id=row.ticket_id,
                text=row.text,
                label=row.label,
                found_label=row.found_label,
                found_probability=row.found_probability,
                actor_id=UserId(row.actor_id),
                create_time=row.create_time,
            )
            for row in reversed(rows.all())
        ]

    async def find_lesson(self) -> Lesson | None:
        row = await self._session.scalar(
            select(TriageHeadRow)
            .where(TriageHeadRow.tenant_id == self._tenant_id)
            .execution_options(populate_existing=True)
        )
        return _lesson(row) if row is not None else None

    async def keep_lesson(self, lesson: Lesson) -> None:
        learned = lesson.learned
        columns = {
            "model": lesson.model,
            "corrections": lesson.corrections,
            "tickets": learned.tickets,
            "model_right": learned.model_right,
            "head_right": learned.head_right,
            "head": learned.head.to_bytes() if learned.head is not None else None,
            "train_time": lesson.time,
        }
        await self._session.execute(
            upsert(self._session, TriageHeadRow)
            .values(tenant_id=self._tenant_id, **columns)
            .on_conflict_do_update(index_elements=[TriageHeadRow.tenant_id], set_=columns)
        )

    async def list_reviews(self, limit: int) -> list[tuple[Finding, Ticket]]:
        statement = (
            select(TriageRow, TicketRow)
            .join(
                TicketRow,
                (TicketRow.tenant_id == TriageRow.tenant_id)
                & (TicketRow.ticket_id == TriageRow.ticket_id),
            )
            .where(
                self._own(),
                TicketRow.tenant_id == self._tenant_id,
                TriageRow.needs_review.is_(True),
            )
            .order_by(TriageRow.classify_time, TriageRow.ticket_id)
            .limit(limit)
            .execution_options(populate_existing=True)
        )
        rows = await self._session.execute(statement)
        return [(_finding(found), ticket_from(ticket, None)) for found, ticket in rows]

    async def count_reviews(self) -> int:
        statement = (
            select(func.count())
            .select_from(TriageRow)
            .where(self._own(), TriageRow.needs_review.is_(True))
        )
        return await self._session.scalar(statement) or 0

    async def list_judged(self) -> list[Judged]:
        rows = await self._session.execute(
            select(TriageRow.outcome, TriageRow.probabilities, TriageRow.correct_label).where(
                self._own(), _LOOKED_AT
            )
        )
        return [_judged(row.outcome, row.probabilities or {}, row.correct_label) for row in rows]

    async def list_found(self, since: datetime) -> list[Found]:
        settings = await self.find_settings()
        rows = await self._session.execute(
            select(TriageRow.classify_time, TriageRow.outcome, TriageRow.probabilities).where(
                self._own(), _LOOKED_AT, TriageRow.classify_time >= since
            )
        )
        return [
            Found(
                row.classify_time,
                settings.queue_of(_likeliest(row.probabilities or {}))
                if row.outcome == Outcome.CLASSIFIED
                else None,
            )
            for row in rows
        ]

    def _own(self) -> ColumnElement[bool]:
        return TriageRow.tenant_id == self._tenant_id


def _lesson(row: TriageHeadRow) -> Lesson:
    """A head that cannot be read is none, until the next is learned."""
    head = None
    if row.head is not None:
        try:
            head = OwnHead.from_bytes(row.head)
        except HeadUnusableError as error:
            log.error("a tenant's own head cannot be used", tenant_id=row.tenant_id, why=str(error))
    learned = Learned(row.tickets, row.model_right, row.head_right, head)
    return Lesson(row.model, row.corrections, learned, row.train_time)


def _judged(outcome: int, probabilities: dict[str, float], correct: str | None) -> Judged:
    label = _likeliest(probabilities)
    return Judged(
        probability=probabilities.get(label, 0.0),
        is_classified=outcome == Outcome.CLASSIFIED,
        is_right=None if correct is None else correct == label,
    )


def _likeliest(probabilities: dict[str, float]) -> str:
    return max(probabilities, key=lambda each: probabilities[each], default="")


def _columns(finding: Finding) -> dict[str, object]:
    reading = finding.reading
    return {
        "wait_time": None,
        "outcome": int(finding.outcome),
        "model": reading.model,
        "probabilities": dict(reading.probabilities),
        "out_of_scope": reading.out_of_scope,
        "words": reading.words,
        "is_english": reading.is_english,
        "threshold": finding.threshold,
        "classify_time": finding.time,
        "needs_review": finding.needs_review,
    }


def _finding(row: TriageRow) -> Finding:
    if row.outcome is None or row.classify_time is None:
        raise ValueError("the ticket waits still")
    review = None
    if row.correct_label is not None and row.review_time is not None:
        review = Review(row.correct_label, UserId(row.reviewer_id or ""), row.review_time)
    return Finding(
        ticket_id=row.ticket_id,
        outcome=Outcome(row.outcome),
        reading=Reading(
            model=row.model,
            probabilities=row.probabilities or {},
            out_of_scope=row.out_of_scope or 0.0,
            words=row.words or 0,
            is_english=bool(row.is_english),
        ),
        threshold=row.threshold or 0.0,
        time=row.classify_time,
        needs_review=row.needs_review,
        review=review,
    )
