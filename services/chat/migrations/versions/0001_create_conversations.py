"""Creates sessions, messages and citations."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.database import UtcDateTime
from services.mesh.idempotency import create_idempotency_table
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None


def upgrade() -> None:
    operations = Operations(op.get_context())
    op.create_table(
        "chat_sessions",
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.String(64)),
        sa.Column("hand_off_reason", sa.Text()),
        sa.Column("hand_off_message_count", sa.Integer()),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", name="pk_chat_sessions"),
    )
    op.create_table(
        "messages",
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(20)),
        sa.Column("nearest_articles", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(64)),
        sa.Column("answers", sa.String(64)),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["chat_sessions.tenant_id", "chat_sessions.session_id"],
            name="fk_messages_tenant_id_chat_sessions",
        ),
        sa.UniqueConstraint("tenant_id", "session_id", "position", name="uq_messages_position"),
        sa.UniqueConstraint("tenant_id", "user_id", "request_id", name="uq_messages_request"),
        sa.UniqueConstraint("tenant_id", "answers", name="uq_messages_answers"),
    )
    op.create_table(
        "citations",
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("chunk_id", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("source_uri", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", "number", name="pk_citations"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.message_id"],
            name="fk_citations_tenant_id_messages",
        ),
    )
    for table in ("chat_sessions", "messages", "citations"):
        enable_row_security(operations, table)
    create_idempotency_table(operations)
