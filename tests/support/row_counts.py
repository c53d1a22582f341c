"""Counts what each service holds of each tenant, straight from its database."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from services.mesh.database import Database
from services.mesh.settings import MeshSettings

SERVICES = ("auth", "ticket", "search", "chat")

Counts = Mapping[str, int]
"""By `service.table`."""


async def count_rows(settings: MeshSettings, tenant_id: str) -> Counts:
    """Of every table with a tenant in it, those without a row of this one included."""
    counts: Counter[str] = Counter()
    for service in SERVICES:
        database = Database(settings.database_address(service))
        try:
            async with database.system_reading() as session:
                for table, count in (await session.run_sync(_count, tenant_id)).items():
                    counts[f"{service}.{table}"] = count
        finally:
            await database.close()
    return counts


def _count(session: Session, tenant_id: str) -> dict[str, int]:
    inspector = inspect(session.connection())
    return {
        table: session.execute(
            # The name comes out of the database's own catalogue.
            text(f'SELECT count(*) FROM "{table}" WHERE tenant_id = :tenant_id'),  # noqa: S608
            {"tenant_id": tenant_id},
        ).scalar_one()
        for table in inspector.get_table_names()
        if any(column["name"] == "tenant_id" for column in inspector.get_columns(table))
    }
