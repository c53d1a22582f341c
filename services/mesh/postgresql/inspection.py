"""Looks, before a service serves, whether its database would keep tenants apart."""

from collections.abc import Callable, Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from services.mesh.database_address import DatabaseAddress, DatabaseUnsafe
from services.mesh.postgresql.catalog import (
    Role,
    Table,
    read_privileges,
    read_role,
    read_tables,
)
from services.mesh.postgresql.rules import (
    shows_too_much,
    systems_privileges,
    tenants_privileges,
)

Rule = Callable[[Table], frozenset[str]]


async def inspect_roles(
    tenants: AsyncConnection, system: AsyncConnection, address: DatabaseAddress
) -> None:
    """Raises DatabaseUnsafe with everything that is wrong."""
    tenants_role, system_role = await read_role(tenants), await read_role(system)
    tables = await read_tables(tenants)
    faults = [*_faults_of(tenants_role, tables), *_faults_of(system_role, tables)]
    if tenants_role.name == system_role.name:
        faults.append(
            f"role {tenants_role.name} serves tenants and the system alike: "
            f"name another role in {address.system_setting}"
        )
    elif system_role.name in (other.name for other in tenants_role.within_reach):
        faults.append(
            f"role {tenants_role.name} can become role {system_role.name}: "
            f"REVOKE {system_role.name} FROM {tenants_role.name}"
        )
    # A superuser and an owner hold every privilege, which is said already.
    if not faults:
        faults += await _misgranted(tenants, tenants_role.name, tables, tenants_privileges, address)
        faults += await _misgranted(system, system_role.name, tables, systems_privileges, address)
    for table in tables:
        if shows_too_much(table, system_role.name):
            faults.append(
                f"table {table.name} lacks its row security: "
                f"start once with {address.owner_setting}"
            )
    if faults:
        raise DatabaseUnsafe("the database would not keep tenants apart: " + "; ".join(faults))


def _faults_of(role: Role, tables: list[Table]) -> Iterator[str]:
    names = {reachable.name for reachable in role.within_reach}
    for reachable in role.within_reach:
        subject = f"role {role.name}"
        if reachable.name != role.name:
            subject = f"role {role.name} is a member of {reachable.name}, which"
        if reachable.is_superuser:
            yield f"{subject} is a superuser: {_mend(role, reachable.name, 'NOSUPERUSER')}"
            # It is a member of every role, and each would be told.
            return
        if reachable.bypasses_rows:
            yield (f"{subject} passes row security: {_mend(role, reachable.name, 'NOBYPASSRLS')}")
        if reachable.makes_roles:
            yield f"{subject} makes roles: {_mend(role, reachable.name, 'NOCREATEROLE')}"
    for table in tables:
        if table.owner in names:
            yield (
                f"role {role.name} owns table {table.name}: give all tables to the owner's role, "
                f"ALTER TABLE {table.name} OWNER TO …"
            )
    if role.may_create:
        yield (
            f"role {role.name} may create tables: "
            f"REVOKE CREATE ON SCHEMA {role.schema} FROM PUBLIC, {role.name}"
        )


def _mend(role: Role, reachable: str, attribute: str) -> str:
    if reachable == role.name:
        return f"ALTER ROLE {role.name} {attribute}"
    return f"REVOKE {reachable} FROM {role.name}"


async def _misgranted(
    connection: AsyncConnection,
    role: str,
    tables: list[Table],
    rule: Rule,
    address: DatabaseAddress,
) -> list[str]:
    held = await read_privileges(connection, role, tables)
    faults = []
    for table in tables:
        too_many, too_few = held[table.name] - rule(table), rule(table) - held[table.name]
        if too_many:
            faults.append(f"role {role} may {', '.join(sorted(too_many))} table {table.name}")
        if too_few:
            faults.append(f"role {role} may not {', '.join(sorted(too_few))} table {table.name}")
    return [f"{fault}: start once with {address.owner_setting}" for fault in faults]
