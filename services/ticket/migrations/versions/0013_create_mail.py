"""Creates what mail keeps: addresses, threads, the mails that came, and those to be sent."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0013"
down_revision = "0012"

_ID = sa.String(64)
_ADDRESS = sa.String(254)


def upgrade() -> None:
    op.create_table(
        "mail_addresses",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("address", _ADDRESS, nullable=False),
        sa.Column("queue", _ID, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "address", name="pk_mail_addresses"),
    )
    op.create_index("uq_mail_addresses_address", "mail_addresses", ["address"], unique=True)
    op.create_table(
        "mail_threads",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("token", _ID, nullable=False),
        sa.Column("address", _ADDRESS, nullable=False),
        sa.Column("requester", _ADDRESS, nullable=False),
        sa.Column("requester_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", name="pk_mail_threads"),
    )
    op.create_index("uq_mail_threads_token", "mail_threads", ["tenant_id", "token"], unique=True)
    op.create_table(
        "mail_messages",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("message_hash", _ID, nullable=False),
        sa.Column("sender_id", _ID, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False, server_default=""),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "message_hash", "sender_id", name="pk_mail_messages"),
    )
    columns = ["tenant_id", "sender_id", "create_time"]
    op.create_index("ix_mail_messages_by_sender", "mail_messages", columns)
    columns = ["tenant_id", "ticket_id", "create_time"]
    op.create_index("ix_mail_messages_by_ticket", "mail_messages", columns)
    op.create_table(
        "mail_outbox",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("comment_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("next_time", UtcDateTime),
        sa.Column("delivered_time", UtcDateTime),
        sa.Column("failure", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("tenant_id", "comment_id", name="pk_mail_outbox"),
    )
    op.create_index("ix_mail_outbox_waiting", "mail_outbox", ["next_time"])
    for table in ("mail_addresses", "mail_threads", "mail_messages", "mail_outbox"):
        enable_row_security(Operations(op.get_context()), table)
