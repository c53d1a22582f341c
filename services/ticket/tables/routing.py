"""The tables of routing: policies, the ledger of steps, whose turn it was, and who is due."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from services.mesh.columns import UtcDateTime
from services.ticket.tables.tickets import Table

_ID = String(64)
_WORD = String(32)


class RoutingPolicyRow(Table):
    """As JSON, for nobody asks for a part of it."""

    __tablename__ = "routing_policies"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    policy: Mapped[dict[str, Any]] = mapped_column(JSON)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)


class RoutingRow(Table):
    """That a ticket is routed, and when it is looked at next; no key refers to the ticket, for
    whoever wakes it does not wait for whoever has it."""

    __tablename__ = "ticket_routings"
    __table_args__ = (
        Index("ix_ticket_routings_by_next_time", "next_time", "tenant_id", "ticket_id"),
        Index("ix_ticket_routings_by_place", "tenant_id", "waits_for_place", "ticket_id"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    engine: Mapped[str] = mapped_column(_WORD)
    is_new: Mapped[bool] = mapped_column(server_default=true())
    is_done: Mapped[bool] = mapped_column(server_default=false())
    waits_for_place: Mapped[bool] = mapped_column(server_default=false())
    next_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RoutingStepRow(Table):
    """The ledger. The key of an effect is its kind, so that no effect is in it twice."""

    __tablename__ = "routing_steps"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    step_key: Mapped[str] = mapped_column(_ID, primary_key=True)
    place: Mapped[int]
    kind: Mapped[str] = mapped_column(_WORD)
    reason: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    queue: Mapped[str] = mapped_column(_ID)
    assignee_id: Mapped[str | None] = mapped_column(_ID)
    waiting: Mapped[str | None] = mapped_column(_WORD)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RoutingTurnRow(Table):
    """When routing last gave an agent a ticket."""

    __tablename__ = "routing_turns"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    turn_time: Mapped[datetime] = mapped_column(UtcDateTime)
