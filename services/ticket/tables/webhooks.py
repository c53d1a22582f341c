"""The tables of webhooks."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.mesh.columns import UtcDateTime
from services.ticket.tables.tickets import Table

_ID = String(64)


class WebhookRow(Table):
    __tablename__ = "webhooks"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    event_types: Mapped[list[str]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(Text)
    include_personal_data: Mapped[bool]
    include_internal: Mapped[bool]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(32))
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int]
    resume_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text)
    # The place in the log up to which deliveries were made.
    last_seq: Mapped[int] = mapped_column(BigInteger)
    sealed_secret: Mapped[str] = mapped_column(Text)
    previous_sealed_secret: Mapped[str] = mapped_column(Text)
    previous_expire_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookDeliveryRow(Table):
    """A message that waits for a webhook, or what became of it; never what it says."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_waiting", "tenant_id", "webhook_id", "next_time"),
        Index("ix_webhook_deliveries_old", "create_time"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    event_type: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[str] = mapped_column(_ID)
    about_webhook_id: Mapped[str] = mapped_column(_ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    begin_time: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    # None once it is delivered or given up.
    next_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    duration_ms: Mapped[int]
    status_code: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    problem: Mapped[str] = mapped_column(Text)
