"""A service in small: one table, `notes`, and the migration that makes it."""

from datetime import UTC, datetime

from sqlalchemy import Column, MetaData, String, Table, insert

from services.mesh.caller import TenantId
from services.mesh.columns import UtcDateTime, naming
from services.mesh.database import Database

ACME = TenantId("acme")
GLOBEX = TenantId("globex")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

notes = Table(
    "notes",
    MetaData(naming_convention=naming),
    Column("tenant_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("written_at", UtcDateTime, nullable=False),
)

FIRST_MIGRATION = """
import sqlalchemy as sa
from alembic import op
from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None

def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("tenant_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("written_at", UtcDateTime, nullable=False),
    )
    enable_row_security(op, "notes")
"""


async def write(database: Database, tenant_id: TenantId, name: str) -> None:
    async with database.tenant_transaction(tenant_id) as session:
        await session.execute(insert(notes).values(tenant_id=tenant_id, name=name, written_at=NOON))
