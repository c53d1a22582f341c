"""What the owner does after each migration: grants the roles what they need, and walls the rows."""

from collections.abc import Callable, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.mesh.postgresql.catalog import Table, read_privileges, read_tables
from services.mesh.postgresql.rules import (
    shows_too_much,
    systems_privileges,
    tenants_privileges,
)
from services.mesh.row_security import SYSTEM_RULE, TENANT_RULE


async def settle(connection: AsyncConnection, *, tenants: str, system: str) -> None:
    """Makes every table fit the rules. Touches none that does, for a policy locks its table."""
    tables = await read_tables(connection)
    for table in tables:
        if shows_too_much(table, system):
            await _wall(connection, table, system)
    await _grant(connection, tables, tenants, tenants_privileges)
    await _grant(connection, tables, system, systems_privileges)


async def let_the_owner_see_all(connection: AsyncConnection) -> None:
    """For migrations of data, until `settle` forces row security again."""
    for table in await read_tables(connection):
        if table.is_forced:
            await _do(connection, f"ALTER TABLE {_name(table.name)} NO FORCE ROW LEVEL SECURITY")


async def _wall(connection: AsyncConnection, table: Table, system: str) -> None:
    name = _name(table.name)
    await _do(connection, f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    await _do(connection, f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    for policy in sorted(policy.name for policy in table.policies):
        await _do(connection, f"DROP POLICY {_name(policy)} ON {name}")
    for suffix, role, rule in (
        ("tenant", "PUBLIC", TENANT_RULE),
        ("system", _name(system), SYSTEM_RULE),
    ):
        policy = _name(f"{table.name}_{suffix}")
        await _do(
            connection,
            f"CREATE POLICY {policy} ON {name} TO {role} USING ({rule}) WITH CHECK ({rule})",
        )


async def _grant(
    connection: AsyncConnection,
    tables: Sequence[Table],
    role: str,
    wanted: Callable[[Table], frozenset[str]],
) -> None:
    held = await read_privileges(connection, role, tables)
    for table in tables:
        if held[table.name] == wanted(table):
            continue
        name = _name(table.name)
        await _do(connection, f"REVOKE ALL ON {name} FROM {_name(role)}, PUBLIC")
        if wanted(table):
            privileges = ", ".join(sorted(wanted(table)))
            await _do(connection, f"GRANT {privileges} ON {name} TO {_name(role)}")


async def _do(connection: AsyncConnection, statement: str) -> None:
    await connection.execute(text(statement.replace(":", "\\:")))


def _name(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'"{quoted}"'
