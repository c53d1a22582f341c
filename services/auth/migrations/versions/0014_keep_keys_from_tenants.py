"""Keeps signing keys and login failures, which are of no tenant, from the role that serves them."""

from alembic import op
from alembic.operations import Operations

from services.mesh.row_security import keep_from_tenants

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    operations = Operations(op.get_context())
    for table in ("signing_keys", "login_failures"):
        keep_from_tenants(operations, table)
