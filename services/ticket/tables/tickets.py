"""Ticket's tables. Each begins with the tenant, and so does each of their keys and indexes."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKeyConstraint,
    Index,
    MetaData,
    SmallInteger,
    String,
    Text,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.mesh.audit.tables import audit_tables
from services.mesh.columns import UtcDateTime, naming
from services.mesh.idempotency import idempotency_table

_ID = String(64)
_WORD = String(32)
# By code point on both databases, so that all words which begin alike stand together.
_FOUND_WORD = _ID.with_variant(String(64, collation="C"), "postgresql")
_FIELD_TEXT = String(500).with_variant(String(500, collation="C"), "postgresql")
# The rows stand where their key does, so that neighbours are read in one go.
_KEPT_BY_KEY = {"sqlite_with_rowid": False}


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention=naming)


class TicketRow(Table):
    __tablename__ = "tickets"
    __table_args__ = (
        Index("uq_tickets_tenant_id_number", "tenant_id", "number", unique=True),
        Index("ix_tickets_by_create_time", "tenant_id", "create_time", "ticket_id"),
        Index("ix_tickets_by_update_time", "tenant_id", "update_time", "ticket_id"),
        Index("ix_tickets_by_priority", "tenant_id", "priority", "ticket_id"),
        Index("ix_tickets_by_requester", "tenant_id", "requester_id", "create_time", "ticket_id"),
        Index("ix_tickets_by_assignee", "tenant_id", "assignee_id", "create_time", "ticket_id"),
        Index("ix_tickets_by_status", "tenant_id", "status", "create_time", "ticket_id"),
        Index("ix_tickets_by_merged_into", "tenant_id", "merged_into_id"),
        Index(
            "ix_tickets_by_status_and_update_time",
            "tenant_id",
            "status",
            "update_time",
            "ticket_id",
        ),
        Index(
            "ix_tickets_by_priority_and_status",
            "tenant_id",
            "priority",
            "status",
            "create_time",
            "ticket_id",
        ),
        Index("ix_tickets_by_queue", "tenant_id", "queue", "create_time", "ticket_id"),
        Index("ix_tickets_by_assignee_and_status", "tenant_id", "assignee_id", "status"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    number: Mapped[int]
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(_WORD)
    priority: Mapped[int]
    requester_id: Mapped[str] = mapped_column(_ID)
    assignee_id: Mapped[str | None] = mapped_column(_ID)
    chat_session_id: Mapped[str | None] = mapped_column(_ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int]
    impact: Mapped[int | None]
    urgency: Mapped[int | None]
    priority_rule: Mapped[str] = mapped_column(Text, server_default="")
    ticket_type: Mapped[int | None]
    # A queue's name, "general" or one of the table of queues; whoever writes it holds the queue.
    queue: Mapped[str] = mapped_column(_ID, server_default="general")
    follower_ids: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    merged_into_id: Mapped[str | None] = mapped_column(_ID)
    merged_into_own: Mapped[bool] = mapped_column(server_default=false())
    rating: Mapped[int | None]
    rating_comment: Mapped[str] = mapped_column(Text, server_default="")
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    internal_fields: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")


class QueueRow(Table):
    """Without the default queue, which every tenant has."""

    __tablename__ = "ticket_queues"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(_ID, primary_key=True)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class FieldRow(Table):
    __tablename__ = "ticket_fields"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    key: Mapped[str] = mapped_column(_ID, primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    field_type: Mapped[int]
    options: Mapped[list[str]] = mapped_column(JSON)
    is_required: Mapped[bool]
    is_for_customers: Mapped[bool]
    is_retired: Mapped[bool]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class FieldValueRow(Table):
    """What tickets are found by; the values themselves stand in the tickets.

    Of several options each has a row. What is no text, a number or whether, is a number alone.
    """

    __tablename__ = "ticket_field_values"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["tickets.tenant_id", "tickets.ticket_id"]
        ),
        Index("ix_ticket_field_values_by_text", "tenant_id", "key", "text", "ticket_id"),
        Index("ix_ticket_field_values_by_number", "tenant_id", "key", "number", "ticket_id"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    key: Mapped[str] = mapped_column(_ID, primary_key=True)
    text: Mapped[str] = mapped_column(_FIELD_TEXT, primary_key=True)
    number: Mapped[float | None] = mapped_column(Double)


class MacroRow(Table):
    __tablename__ = "ticket_macros"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(_ID, primary_key=True)
    actions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)


class CannedReplyRow(Table):
    __tablename__ = "ticket_canned_replies"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(_ID, primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class TagRow(Table):
    __tablename__ = "ticket_tags"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["tickets.tenant_id", "tickets.ticket_id"]
        ),
        Index("ix_ticket_tags_by_tag", "tenant_id", "tag", "ticket_id"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    tag: Mapped[str] = mapped_column(_ID, primary_key=True)


class CommentRow(Table):
    __tablename__ = "ticket_comments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["tickets.tenant_id", "tickets.ticket_id"]
        ),
        Index(
            "ix_ticket_comments_by_ticket", "tenant_id", "ticket_id", "create_time", "comment_id"
        ),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    comment_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID)
    author_id: Mapped[str] = mapped_column(_ID)
    body: Mapped[str] = mapped_column(Text)
    is_internal: Mapped[bool]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class AttachmentRow(Table):
    """A file on a ticket; `sha256` names its bytes, which are on disk."""

    __tablename__ = "ticket_attachments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["tickets.tenant_id", "tickets.ticket_id"]
        ),
        Index(
            "ix_ticket_attachments_by_ticket",
            "tenant_id",
            "ticket_id",
            "create_time",
            "attachment_id",
        ),
        Index("ix_ticket_attachments_by_comment", "tenant_id", "comment_id"),
        # With the size, so that what a tenant has is counted without reading anything else.
        Index("ix_ticket_attachments_by_sha256", "tenant_id", "sha256", "size_bytes"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    attachment_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID)
    comment_id: Mapped[str | None] = mapped_column(_ID)
    file_name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(_ID)
    is_internal: Mapped[bool]
    author_id: Mapped[str] = mapped_column(_ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class EventRow(Table):
    __tablename__ = "ticket_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["tickets.tenant_id", "tickets.ticket_id"]
        ),
        # With what tells when a ticket was solved, so that a report reads nothing else.
        Index(
            "ix_ticket_events_by_ticket", "tenant_id", "ticket_id", "seq", "status", "create_time"
        ),
        Index("ix_ticket_events_by_kind", "tenant_id", "kind", "create_time"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ticket_id: Mapped[str] = mapped_column(_ID)
    kind: Mapped[str] = mapped_column(_WORD)
    actor_id: Mapped[str] = mapped_column(_ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(_WORD)
    assignee_id: Mapped[str | None] = mapped_column(_ID)
    comment_id: Mapped[str | None] = mapped_column(_ID)
    changed_fields: Mapped[list[str]] = mapped_column(JSON)
    is_internal: Mapped[bool]
    # Of None, and not of JSON's null, where the row is older than this column.
    changes: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))
    cause: Mapped[str] = mapped_column(Text, server_default="")
    other_ticket_id: Mapped[str | None] = mapped_column(_ID)
    link_kind: Mapped[int | None]
    attachments: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))


class LinkRow(Table):
    __tablename__ = "ticket_links"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["tickets.tenant_id", "tickets.ticket_id"]
        ),
        Index("ix_ticket_links_by_other", "tenant_id", "other_ticket_id", "kind", "ticket_id"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    kind: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    other_ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class PresenceRow(Table):
    """Who is at a ticket, until then or until they say otherwise."""

    __tablename__ = "presences"
    __table_args__ = (Index("ix_presences_by_expire_time", "tenant_id", "expire_time"),)

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    activity: Mapped[int] = mapped_column(SmallInteger)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)


class CounterRow(Table):
    """What a tenant counts. A transaction that counts holds the row until it commits, so numbers
    have no gaps and places in the log become visible in their order."""

    __tablename__ = "ticket_counters"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    last_number: Mapped[int]
    last_seq: Mapped[int] = mapped_column(BigInteger)


class WordRow(Table):
    """That a word stands in a ticket, and how much of the ticket it is, in thousandths.

    By number and not by id: there are some forty for each ticket.
    """

    __tablename__ = "ticket_words"
    __table_args__ = _KEPT_BY_KEY

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    word: Mapped[str] = mapped_column(_FOUND_WORD, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    weight: Mapped[int] = mapped_column(SmallInteger)


class WordCountRow(Table):
    """In how many of its tickets a tenant has a word."""

    __tablename__ = "ticket_word_counts"
    __table_args__ = _KEPT_BY_KEY

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    word: Mapped[str] = mapped_column(_FOUND_WORD, primary_key=True)
    tickets: Mapped[int]


class ViewRow(Table):
    """A shared one has an empty owner."""

    __tablename__ = "ticket_views"
    __table_args__ = (
        Index("uq_ticket_views_owner_name", "tenant_id", "owner_id", "name", unique=True),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    view_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    owner_id: Mapped[str] = mapped_column(_ID)
    name: Mapped[str] = mapped_column(_ID)
    filter: Mapped[str] = mapped_column(Text)
    order_by: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class OriginRow(Table):
    """Where a ticket was imported from, so that it is imported once."""

    __tablename__ = "ticket_origins"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    source: Mapped[str] = mapped_column(_ID, primary_key=True)
    foreign_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID)


class OutboxRow(Table):
    """What is still to be told to others: ids only, never what a person wrote.

    Rows are written with the change they speak of. Routing takes them out.
    """

    __tablename__ = "ticket_outbox"
    __table_args__ = (Index("ix_ticket_outbox_waiting", "delivered_time", "outbox_id"),)

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    outbox_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    kind: Mapped[str] = mapped_column(_WORD)
    payload: Mapped[dict[str, str | int]] = mapped_column(JSON)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SlaPolicyRow(Table):
    """What a tenant promises; as JSON, for nobody asks for a part of it."""

    __tablename__ = "sla_policies"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    policy_id: Mapped[str] = mapped_column(_ID)
    policy: Mapped[dict[str, Any]] = mapped_column(JSON)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)


class SlaDueRow(Table):
    """When a ticket's clocks turn, and which turns its log already holds.

    No key refers to the ticket: writing a row would lock it, and whoever has the ticket may wait
    for the counter of whoever writes.
    """

    __tablename__ = "sla_due"
    __table_args__ = (Index("ix_sla_due_by_next_time", "next_time", "tenant_id", "ticket_id"),)

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    next_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    watch: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


idempotency_table(Table.metadata)
audit_tables(Table.metadata)
