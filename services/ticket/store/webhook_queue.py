"""What waits for webhooks, of all tenants."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.session import Session
from services.ticket.store.rows import comment_from, event_from
from services.ticket.store.webhook_rows import (
    condition_columns,
    delivery_from,
    secrets_from,
    webhook_from,
)
from services.ticket.tables.tickets import CommentRow, EventRow, TicketRow
from services.ticket.tables.webhooks import WebhookDeliveryRow, WebhookRow
from services.ticket.webhooks.event_types import DISABLED, wants
from services.ticket.webhooks.model import Delivery, Target, Webhook, WebhookState
from services.ticket.webhooks.ports import Happened


class SqlDeliveryQueue:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_targets(self, now: datetime, limit: int) -> list[Target]:
        waits = exists().where(
            WebhookDeliveryRow.tenant_id == WebhookRow.tenant_id,
            WebhookDeliveryRow.webhook_id == WebhookRow.webhook_id,
            WebhookDeliveryRow.next_time <= now,
        )
        statement = (
            select(WebhookRow)
            .where(
                WebhookRow.state == WebhookState.ENABLED,
                or_(WebhookRow.resume_time.is_(None), WebhookRow.resume_time <= now),
                waits,
            )
            .order_by(WebhookRow.failures, WebhookRow.webhook_id)
            .limit(limit)
        )
        async with self._database.system_reading() as session:
            return [
                Target(TenantId(row.tenant_id), webhook_from(row), secrets_from(row))
                for row in await session.scalars(statement)
            ]

    async def claim(
        self, target: Target, now: datetime, until: datetime, limit: int
    ) -> list[Delivery]:
        async with self._database.tenant_transaction(target.tenant_id) as session:
            due = (
                _of(target)
                & (WebhookDeliveryRow.next_time <= now)
                & exists().where(_is_unchanged(target))
            )
            first = (
                select(WebhookDeliveryRow.delivery_id)
                .where(due)
                .order_by(WebhookDeliveryRow.next_time, WebhookDeliveryRow.delivery_id)
                .limit(limit)
            )
            # Asked for once more, because another process may have been faster.
            claimed = await session.scalars(
                update(WebhookDeliveryRow)
                .where(due, WebhookDeliveryRow.delivery_id.in_(first))
                .values(tries=WebhookDeliveryRow.tries + 1, next_time=until)
                .returning(WebhookDeliveryRow)
                .execution_options(synchronize_session=False, populate_existing=True)
            )
            found = [delivery_from(row) for row in claimed]
            return sorted(found, key=lambda delivery: delivery.delivery_id)

    async def find_happened(self, target: Target, delivery: Delivery) -> Happened | None:
        async with self._database.tenant_reading(target.tenant_id) as session:
            found = await session.execute(
                select(EventRow, TicketRow.number)
                .join(
                    TicketRow,
                    (TicketRow.tenant_id == EventRow.tenant_id)
                    & (TicketRow.ticket_id == EventRow.ticket_id),
                )
                .where(EventRow.tenant_id == target.tenant_id, EventRow.seq == delivery.seq)
            )
            row = found.one_or_none()
            if row is None or (row[0].is_internal and not target.webhook.include_internal):
                return None
            event = event_from(row[0])
            if event.comment_id is None:
                return Happened(event, row.number)
            comment = await session.scalar(
                select(CommentRow).where(
                    CommentRow.tenant_id == target.tenant_id,
                    CommentRow.comment_id == event.comment_id,
                )
            )
            return Happened(event, row.number, comment_from(comment) if comment else None)

    async def keep(self, target: Target, delivery: Delivery, webhook: Webhook) -> None:
        async with self._database.tenant_transaction(target.tenant_id) as session:
            await session.execute(
                update(WebhookDeliveryRow)
                .where(_of(target), WebhookDeliveryRow.delivery_id == delivery.delivery_id)
                .values(**asdict(delivery))
                .execution_options(synchronize_session=False)
            )
            if webhook == target.webhook:
                return
            changed = await session.scalar(
                update(WebhookRow)
                .where(_is_unchanged(target))
                .values(**condition_columns(webhook))
                .returning(WebhookRow.webhook_id)
                .execution_options(synchronize_session=False)
            )
            if changed is not None and webhook.state is WebhookState.FAILED:
                await _tell_others(session, target.tenant_id, webhook, delivery)

    async def prune(self, before: datetime) -> None:
        async with self._database.system_transaction() as session:
            await session.execute(
                delete(WebhookDeliveryRow)
                .where(WebhookDeliveryRow.create_time < before)
                .execution_options(synchronize_session=False)
            )


async def _tell_others(
    session: Session, tenant_id: TenantId, stopped: Webhook, delivery: Delivery
) -> None:
    rows = await session.scalars(
        select(WebhookRow).where(
            WebhookRow.tenant_id == tenant_id, WebhookRow.state == WebhookState.ENABLED
        )
    )
    now = delivery.last_time or delivery.begin_time
    for webhook in map(webhook_from, rows):
        if webhook.webhook_id == stopped.webhook_id or not wants(webhook.event_types, DISABLED):
            continue
        told = Delivery(
            delivery_id=new_id(),
            webhook_id=webhook.webhook_id,
            event_type=DISABLED,
            about_webhook_id=stopped.webhook_id,
            create_time=now,
            begin_time=now,
            next_time=now,
        )
        await session.execute(
            insert(WebhookDeliveryRow).values(tenant_id=tenant_id, **asdict(told))
        )


def _of(target: Target) -> ColumnElement[bool]:
    return (WebhookDeliveryRow.tenant_id == target.tenant_id) & (
        WebhookDeliveryRow.webhook_id == target.webhook.webhook_id
    )


def _is_unchanged(target: Target) -> ColumnElement[bool]:
    """Whether nobody has stopped it meanwhile, or said where and what else is posted."""
    webhook = target.webhook
    return and_(
        WebhookRow.tenant_id == target.tenant_id,
        WebhookRow.webhook_id == webhook.webhook_id,
        WebhookRow.state == webhook.state,
        WebhookRow.url == webhook.url,
        WebhookRow.include_personal_data.is_(webhook.include_personal_data),
        WebhookRow.include_internal.is_(webhook.include_internal),
    )
