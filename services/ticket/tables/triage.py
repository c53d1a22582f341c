"""The tables of triage."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Double, Index, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from services.mesh.columns import UtcDateTime
from services.ticket.tables.tickets import Table

_ID = String(64)


class TriageSettingsRow(Table):
    __tablename__ = "triage_settings"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    enabled: Mapped[bool]
    threshold: Mapped[float] = mapped_column(Double)
    queues: Mapped[dict[str, str]] = mapped_column(JSON)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)


class TriageRow(Table):
    """A ticket that waits to be classified, with a `wait_time`, or what was found of it.

    It is the outbox of triage, too: the row is written with the ticket. No key refers to the
    ticket, for the reason that the table of due times has.
    """

    __tablename__ = "ticket_triages"
    __table_args__ = (
        Index("ix_ticket_triages_waiting", "wait_time", "tenant_id", "ticket_id"),
        Index("ix_ticket_triages_to_review", "tenant_id", "needs_review", "classify_time"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    wait_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[int | None]
    model: Mapped[str] = mapped_column(_ID, server_default="")
    probabilities: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    out_of_scope: Mapped[float | None] = mapped_column(Double)
    words: Mapped[int | None]
    is_english: Mapped[bool | None]
    threshold: Mapped[float | None] = mapped_column(Double)
    classify_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    needs_review: Mapped[bool] = mapped_column(server_default=false())
    correct_label: Mapped[str | None] = mapped_column(_ID)
    reviewer_id: Mapped[str | None] = mapped_column(_ID)
    review_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TriageCorrectionRow(Table):
    """A row to learn from; only ever added to."""

    __tablename__ = "triage_corrections"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    correction_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID)
    text: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(_ID)
    found_label: Mapped[str] = mapped_column(_ID)
    found_probability: Mapped[float] = mapped_column(Double)
    actor_id: Mapped[str] = mapped_column(_ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class TriageHeadRow(Table):
    """What was learned of the tenant's corrections; without a `head`, nothing that is of use."""

    __tablename__ = "triage_heads"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    model: Mapped[str] = mapped_column(_ID)
    corrections: Mapped[int]
    tickets: Mapped[int]
    model_right: Mapped[int]
    head_right: Mapped[int]
    head: Mapped[bytes | None] = mapped_column(LargeBinary)
    train_time: Mapped[datetime] = mapped_column(UtcDateTime)
