"""Starts an empty installation and counts what the demo has made, against a manifest.

    python tests/gates/seed.py            exit code 1 on any difference
    python tests/gates/seed.py --write    writes the counts down as the new manifest

The databases are SQLite files, or those that HELPDESK_<SERVICE>_DATABASE_URL names.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from services.cli.demo.catalogue import FOLDER, SLUGS
from services.mesh.database import Database
from services.mesh.settings import MeshSettings
from tests.support.installation import Installation, fresh_environment

SERVICES = ("auth", "ticket", "search", "chat")
MANIFEST = FOLDER / "manifest.json"

# Tables whose rows depend on how long the start took, or come and go by themselves.
NOT_COUNTED = {
    "sessions": "one for each login",
    "refresh_tokens": "one for each login",
    "remembered_replies": "forgotten after a day",
    "ticket_outbox": "emptied when delivered",
    "ticket_routings": "written behind the tickets",
    "routing_steps": "written behind the tickets",
    "audit_records": "one for each audited call, logins and repeated ones among them",
    "audit_heads": "one for each chain that has a record",
    "audit_purges": "one for each deleted tenant, while it is purged",
}

Counts = dict[str, dict[str, int]]
"""By tenant, then by `service.table`."""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        given = {name: value for name, value in os.environ.items() if "DATABASE_URL" in name}
        installation = Installation({**fresh_environment(Path(folder)), **given})
        started = installation.run("up", "--detach")
        try:
            if started.returncode != 0:
                sys.stderr.write(started.stderr)
                return 1
            counted = asyncio.run(count_all(installation.settings))
        finally:
            installation.run("down")
    if "--write" in sys.argv[1:]:
        MANIFEST.write_text(json.dumps(counted, indent=2) + "\n")
    return show(counted, json.loads(MANIFEST.read_text()))


async def count_all(settings: MeshSettings) -> Counts:
    slugs = await _slugs(settings)
    counts: Counts = {slug: {} for slug in SLUGS}
    for service in SERVICES:
        database = Database(settings.database_address(service))
        try:
            async with database.system_transaction() as session:
                for table in await _tables_of_tenants(session):
                    rows = await _rows(session, table)
                    for tenant_id, slug in slugs.items():
                        counts[slug][f"{service}.{table}"] = rows.get(tenant_id, 0)
        finally:
            await database.close()
    return counts


def show(counted: Counts, expected: Counts) -> int:
    table = Table(box=None, pad_edge=False)
    for column in ("Tenant", "Table", "Rows", "Manifest", ""):
        table.add_column(column, justify="right" if column in ("Rows", "Manifest") else "left")
    differences = 0
    for slug in sorted({*counted, *expected}):
        here, there = counted.get(slug, {}), expected.get(slug, {})
        for name in sorted({*here, *there}):
            is_same = here.get(name) == there.get(name)
            differences += not is_same
            mark = Text("ok", style="green") if is_same else Text("differs", style="bold red")
            table.add_row(slug, name, str(here.get(name, "-")), str(there.get(name, "-")), mark)
    console = Console()
    console.print(table)
    console.print(f"{differences} differences" if differences else "all counts match")
    return 1 if differences else 0


async def _slugs(settings: MeshSettings) -> dict[str, str]:
    database = Database(settings.database_address("auth"))
    try:
        async with database.system_transaction() as session:
            rows = await session.execute(text("SELECT tenant_id, slug FROM tenants"))
            return {str(row.tenant_id): row.slug for row in rows if row.slug in SLUGS}
    finally:
        await database.close()


async def _tables_of_tenants(session: AsyncSession) -> list[str]:
    def find(connection: Session) -> list[str]:
        inspector = inspect(connection.connection())
        return [
            table
            for table in sorted(inspector.get_table_names())
            if table not in NOT_COUNTED
            and any(column["name"] == "tenant_id" for column in inspector.get_columns(table))
        ]

    return await session.run_sync(find)


async def _rows(session: AsyncSession, table: str) -> dict[str, int]:
    # The name comes out of the database's own catalogue.
    query = text(f'SELECT tenant_id, count(*) AS count FROM "{table}" GROUP BY tenant_id')  # noqa: S608
    return {str(row[0]): row[1] for row in await session.execute(query)}


if __name__ == "__main__":
    sys.exit(main())
