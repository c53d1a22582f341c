"""Creates the tables of tickets, their log and the outbox."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.idempotency import create_idempotency_table
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None

_ID = sa.String(64)
_WORD = sa.String(32)


def upgrade() -> None:
    operations = Operations(op.get_context())
    _create_tickets()
    _create_comments()
    _create_log()
    for table in (
        "tickets",
        "ticket_tags",
        "ticket_comments",
        "ticket_events",
        "ticket_counters",
        "ticket_outbox",
    ):
        enable_row_security(operations, table)
    create_idempotency_table(operations)


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("requester_id", _ID, nullable=False),
        sa.Column("assignee_id", _ID),
        sa.Column("chat_session_id", _ID),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", name="pk_tickets"),
    )
    op.create_index("uq_tickets_tenant_id_number", "tickets", ["tenant_id", "number"], unique=True)
    for name, columns in (
        ("create_time", ["create_time"]),
        ("update_time", ["update_time"]),
        ("priority", ["priority"]),
        ("requester", ["requester_id", "create_time"]),
        ("assignee", ["assignee_id", "create_time"]),
        ("status", ["status", "create_time"]),
    ):
        op.create_index(f"ix_tickets_by_{name}", "tickets", ["tenant_id", *columns, "ticket_id"])
    op.create_table(
        "ticket_tags",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("tag", _ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", "tag", name="pk_ticket_tags"),
        _belongs_to_a_ticket("ticket_tags"),
    )
    op.create_index("ix_ticket_tags_by_tag", "ticket_tags", ["tenant_id", "tag", "ticket_id"])


def _create_comments() -> None:
    op.create_table(
        "ticket_comments",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("comment_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("is_internal", sa.Boolean, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "comment_id", name="pk_ticket_comments"),
        _belongs_to_a_ticket("ticket_comments"),
    )
    op.create_index(
        "ix_ticket_comments_by_ticket",
        "ticket_comments",
        ["tenant_id", "ticket_id", "create_time", "comment_id"],
    )


def _create_log() -> None:
    op.create_table(
        "ticket_events",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("actor_id", _ID, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("assignee_id", _ID),
        sa.Column("comment_id", _ID),
        sa.Column("changed_fields", sa.JSON, nullable=False),
        sa.Column("is_internal", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name="pk_ticket_events"),
        _belongs_to_a_ticket("ticket_events"),
    )
    op.create_index(
        "ix_ticket_events_by_ticket", "ticket_events", ["tenant_id", "ticket_id", "seq"]
    )
    op.create_table(
        "ticket_counters",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_ticket_counters"),
    )
    op.create_table(
        "ticket_outbox",
        sa.Column("outbox_id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("delivered_time", UtcDateTime),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_ticket_outbox"),
    )
    op.create_index("ix_ticket_outbox_waiting", "ticket_outbox", ["delivered_time", "outbox_id"])


def _belongs_to_a_ticket(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "ticket_id"],
        ["tickets.tenant_id", "tickets.ticket_id"],
        name=f"fk_{table}_tenant_id_tickets",
    )
