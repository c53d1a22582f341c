"""Lets the outbox's key begin with the tenant, as all others do."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("ticket_outbox") as table:
        table.drop_constraint("pk_ticket_outbox", type_="primary")
        table.create_primary_key("pk_ticket_outbox", ["tenant_id", "outbox_id"])
