"""From the log of tickets to the webhooks that want it: each has its place in the log."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, exists, insert, select, update
from sqlalchemy.orm import aliased

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.session import Session
from services.ticket.domain import TicketEventKind
from services.ticket.store.webhook_rows import webhook_from
from services.ticket.tables.tickets import CounterRow, EventRow
from services.ticket.tables.webhooks import WebhookDeliveryRow, WebhookRow
from services.ticket.webhooks.event_types import type_of, wants
from services.ticket.webhooks.model import Delivery, Webhook, WebhookState
from services.ticket.webhooks.ports import Behind

_AT_ONCE = 500
_NOT_TOLD = "the webhook was stopped"


class SqlWebhookLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_behind(self, limit: int) -> list[Behind]:
        statement = (
            select(WebhookRow.tenant_id, WebhookRow.webhook_id)
            .join(CounterRow, CounterRow.tenant_id == WebhookRow.tenant_id)
            .where(CounterRow.last_seq > WebhookRow.last_seq)
            .order_by(WebhookRow.tenant_id, WebhookRow.webhook_id)
            .limit(limit)
        )
        async with self._database.system_reading() as session:
            return [
                Behind(TenantId(row.tenant_id), row.webhook_id)
                for row in await session.execute(statement)
            ]

    async def spread(self, behind: Behind, now: datetime) -> int:
        async with self._database.tenant_transaction(behind.tenant_id) as session:
            # Another process waits here, and finds the place where this one has left it.
            row = await session.scalar(
                select(WebhookRow)
                .where(_is(behind))
                .with_for_update()
                .execution_options(populate_existing=True)
            )
            if row is None:
                return 0
            events = await _events_after(session, behind.tenant_id, row.last_seq)
            if not events:
                return 0
            await session.execute(
                update(WebhookRow)
                .where(_is(behind))
                .values(last_seq=events[-1].seq)
                .execution_options(synchronize_session=False)
            )
            made = _deliveries(events, webhook_from(row), now)
            if made:
                tenant = {"tenant_id": behind.tenant_id}
                await session.execute(
                    insert(WebhookDeliveryRow), [{**tenant, **asdict(each)} for each in made]
                )
            return len(events)


async def _events_after(session: Session, tenant_id: TenantId, seq: int) -> Sequence[EventRow]:
    """In the order of the log, which is the order in which they became visible.

    Of an import only its own entry, which ends the past that it brought along.
    """
    imported = aliased(EventRow)
    is_past = exists().where(
        imported.tenant_id == tenant_id,
        imported.ticket_id == EventRow.ticket_id,
        imported.seq > EventRow.seq,
        imported.kind == TicketEventKind.IMPORTED,
    )
    rows = await session.scalars(
        select(EventRow)
        .where(EventRow.tenant_id == tenant_id, EventRow.seq > seq, ~is_past)
        .order_by(EventRow.seq)
        .limit(_AT_ONCE)
    )
    return rows.all()


def _deliveries(events: Sequence[EventRow], webhook: Webhook, now: datetime) -> list[Delivery]:
    is_told = webhook.state is WebhookState.ENABLED
    return [
        Delivery(
            delivery_id=new_id(),
            webhook_id=webhook.webhook_id,
            event_type=type_of(event.kind),
            create_time=event.create_time,
            begin_time=now,
            seq=event.seq,
            ticket_id=event.ticket_id,
            next_time=now if is_told else None,
            problem="" if is_told else _NOT_TOLD,
        )
        for event in events
        if wants(webhook.event_types, type_of(event.kind))
        and (webhook.include_internal or not event.is_internal)
    ]


def _is(behind: Behind) -> ColumnElement[bool]:
    return (WebhookRow.tenant_id == behind.tenant_id) & (WebhookRow.webhook_id == behind.webhook_id)
