"""Creates the tables of the audit chains."""

from alembic import op
from alembic.operations import Operations

from services.mesh.audit.tables import create_audit_tables

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_audit_tables(Operations(op.get_context()))
