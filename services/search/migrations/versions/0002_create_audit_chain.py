"""Creates the tables of the audit chains."""

from alembic import op
from alembic.operations import Operations

from services.mesh.audit.tables import create_audit_tables
from services.mesh.idempotency import create_idempotency_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    operations = Operations(op.get_context())
    create_audit_tables(operations)
    # What every service with a database of its own has; search was without one.
    create_idempotency_table(operations)
