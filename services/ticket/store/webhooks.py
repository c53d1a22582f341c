"""The webhooks of a tenant and what was sent to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.store.webhook_rows import (
    delivery_from,
    secrets_columns,
    secrets_from,
    webhook_columns,
    webhook_from,
)
from services.ticket.tables.tickets import CounterRow
from services.ticket.tables.webhooks import WebhookDeliveryRow, WebhookRow
from services.ticket.webhooks.model import Delivery, SealedSecrets, Webhook
from services.ticket.webhooks.ports import Period

Found = tuple[Webhook, SealedSecrets]


class SqlWebhookStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlWebhooks"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlWebhooks(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlWebhooks"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlWebhooks(session, tenant_id)


class SqlWebhooks:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def add(self, webhook: Webhook, secrets: SealedSecrets) -> None:
        end = select(CounterRow.last_seq).where(CounterRow.tenant_id == self._tenant_id)
        last_seq = await self._session.scalar(end) or 0
        await self._session.execute(
            insert(WebhookRow).values(
                tenant_id=self._tenant_id,
                last_seq=last_seq,
                **webhook_columns(webhook),
                **secrets_columns(secrets),
            )
        )

    async def list_all(self) -> list[Found]:
        rows = await self._session.scalars(
            select(WebhookRow)
            .where(WebhookRow.tenant_id == self._tenant_id)
            .order_by(WebhookRow.webhook_id)
        )
        return [(webhook_from(row), secrets_from(row)) for row in rows]

    async def find(self, webhook_id: str) -> Found | None:
        row = await self._session.scalar(select(WebhookRow).where(self._is(webhook_id)))
        return (webhook_from(row), secrets_from(row)) if row is not None else None

    async def find_to_change(self, webhook_id: str) -> Found | None:
        locked = select(WebhookRow.webhook_id).where(self._is(webhook_id)).with_for_update()
        if await self._session.scalar(locked) is None:
            return None
        return await self.find(webhook_id)

    async def put(self, webhook: Webhook, secrets: SealedSecrets) -> None:
        await self._session.execute(
            update(WebhookRow)
            .where(self._is(webhook.webhook_id))
            .values(**webhook_columns(webhook), **secrets_columns(secrets))
            .execution_options(synchronize_session=False)
        )

    async def remove(self, webhook_id: str) -> None:
        await self._session.execute(
            delete(WebhookDeliveryRow)
            .where(self._of(webhook_id))
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(
            delete(WebhookRow)
            .where(self._is(webhook_id))
            .execution_options(synchronize_session=False)
        )

    async def add_delivery(self, delivery: Delivery) -> None:
        await self._session.execute(
            insert(WebhookDeliveryRow).values(tenant_id=self._tenant_id, **asdict(delivery))
        )

    async def list_deliveries(
        self, webhook_id: str, *, limit: int, before_id: str | None
    ) -> list[Delivery]:
        statement = (
            select(WebhookDeliveryRow)
            .where(self._of(webhook_id))
            .order_by(WebhookDeliveryRow.delivery_id.desc())
            .limit(limit)
        )
        if before_id is not None:
            statement = statement.where(WebhookDeliveryRow.delivery_id < before_id)
        return [delivery_from(row) for row in await self._session.scalars(statement)]

    async def replay(self, webhook_id: str, delivery_id: str, now: datetime) -> bool:
        this = WebhookDeliveryRow.delivery_id == delivery_id
        return await self._begin(self._of(webhook_id) & this, now) > 0

    async def replay_all(
        self, webhook_id: str, period: Period, now: datetime, *, include_delivered: bool
    ) -> int:
        chosen = self._of(webhook_id) & WebhookDeliveryRow.next_time.is_(None)
        if not include_delivered:
            chosen &= WebhookDeliveryRow.delivered_time.is_(None)
        if period.from_time is not None:
            chosen &= WebhookDeliveryRow.create_time >= period.from_time
        if period.until_time is not None:
            chosen &= WebhookDeliveryRow.create_time < period.until_time
        return await self._begin(chosen, now)

    async def _begin(self, chosen: ColumnElement[bool], now: datetime) -> int:
        begun = await self._session.execute(
            update(WebhookDeliveryRow)
            .where(chosen)
            .values(begin_time=now, next_time=now, tries=0, delivered_time=None, problem="")
            .returning(WebhookDeliveryRow.delivery_id)
            .execution_options(synchronize_session=False)
        )
        return len(begun.all())

    def _is(self, webhook_id: str) -> ColumnElement[bool]:
        return (WebhookRow.tenant_id == self._tenant_id) & (WebhookRow.webhook_id == webhook_id)

    def _of(self, webhook_id: str) -> ColumnElement[bool]:
        return (WebhookDeliveryRow.tenant_id == self._tenant_id) & (
            WebhookDeliveryRow.webhook_id == webhook_id
        )
