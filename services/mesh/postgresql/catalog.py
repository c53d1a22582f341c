"""What PostgreSQL itself says about a service's tables and roles."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

VERSIONS = "alembic_version"
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

_TABLES = text("""
    SELECT c.oid::bigint AS oid, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
           c.relrowsecurity AS is_secured, c.relforcerowsecurity AS is_forced,
           obj_description(c.oid, 'pg_class') AS comment,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                   AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    ORDER BY c.relname
""")
_POLICIES = text("""
    SELECT tablename, policyname, permissive, roles::text[] AS roles, cmd, qual, with_check
    FROM pg_policies WHERE schemaname = current_schema()
""")
_ROLE = text("""
    SELECT current_user AS name, has_schema_privilege(current_schema(), 'CREATE') AS may_create,
           current_schema() AS schema
""")
_ROLES_WITHIN_REACH = text("""
    SELECT rolname AS name, rolsuper AS is_superuser, rolbypassrls AS bypasses_rows,
           rolcreaterole AS makes_roles
    FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')
    ORDER BY rolname <> current_user, rolname
""")


@dataclass(frozen=True)
class Policy:
    """`using` and `check` are spelled without what PostgreSQL adds when it tells them."""

    name: str
    roles: frozenset[str]
    using: str
    check: str
    is_plain: bool = True  # permissive, and for every command


@dataclass(frozen=True)
class Table:
    oid: int
    name: str
    owner: str
    is_secured: bool
    is_forced: bool
    comment: str | None
    has_tenant: bool
    policies: frozenset[Policy]


@dataclass(frozen=True)
class Reachable:
    """A role that can be had by SET ROLE, and the role itself."""

    name: str
    is_superuser: bool
    bypasses_rows: bool
    makes_roles: bool


@dataclass(frozen=True)
class Role:
    name: str
    schema: str
    may_create: bool
    within_reach: tuple[Reachable, ...]


async def read_tables(connection: AsyncConnection) -> list[Table]:
    """All tables of the current schema."""
    policies = [
        (
            row.tablename,
            Policy(
                row.policyname,
                frozenset(row.roles),
                bare(row.qual or ""),
                bare(row.with_check or ""),
                is_plain=row.permissive == "PERMISSIVE" and row.cmd == "ALL",
            ),
        )
        for row in await connection.execute(_POLICIES)
    ]
    return [
        Table(
            **row._mapping,
            policies=frozenset(policy for table, policy in policies if table == row.name),
        )
        for row in await connection.execute(_TABLES)
    ]


async def read_role(connection: AsyncConnection) -> Role:
    """The role that the connection came as."""
    own = (await connection.execute(_ROLE)).one()
    reach = [Reachable(**row._mapping) for row in await connection.execute(_ROLES_WITHIN_REACH)]
    return Role(own.name, own.schema, own.may_create, tuple(reach))


async def read_privileges(
    connection: AsyncConnection, role: str, tables: Iterable[Table]
) -> dict[str, frozenset[str]]:
    """What the role may do with each table, by whatever way it came to it."""
    query = text("""
        SELECT t.oid, p.name AS privilege FROM unnest(CAST(:tables AS oid[])) AS t(oid),
               unnest(CAST(:privileges AS text[])) AS p(name)
        WHERE has_table_privilege(CAST(:role AS name), t.oid, p.name)
    """)
    names = {table.oid: table.name for table in tables}
    rows = await connection.execute(
        query, {"tables": list(names), "privileges": list(PRIVILEGES), "role": role}
    )
    held: dict[str, set[str]] = {name: set() for name in names.values()}
    for row in rows:
        held[names[row.oid]].add(row.privilege)
    return {name: frozenset(privileges) for name, privileges in held.items()}


def bare(expression: str) -> str:
    """A condition without casts, brackets and spaces, of which PostgreSQL has its own idea."""
    return re.sub(r"::\w+(?: varying)?(?:\[\])?|[\s()]", "", expression).lower()
