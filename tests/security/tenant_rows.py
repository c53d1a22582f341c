"""Rows of many tenants in every table of a service, each value of which tells whose it is."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
)

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.row_security import APPEND_ONLY, SYSTEM_ONLY
from tests.contract.schemas import Schema

TENANTS = 20
INTRUDERS = 5
"""These ask for what the others have; nothing of the others may ever change."""
ROWS = 4
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MARK = re.compile(r"v\d\dx\d{6}")

# Where a column takes certain words only.
_WORDS = {
    "kind": ("person", "client"),
    "state": ("active",),
    "status": ("NEW",),
    "role": ("user",),
}
Row = Mapping[str, object]


@dataclass
class Tenant:
    tenant_id: TenantId
    is_victim: bool
    texts: list[dict[str, list[str]]] = field(
        default_factory=lambda: [defaultdict(list) for _ in range(ROWS)]
    )
    """By place and column. Rows in the same place refer to one another; the last are deleted."""


def tables_of(schema: Schema) -> list[Table]:
    return [table for table in schema.tables_of_tenants if table.comment != SYSTEM_ONLY]


async def fill(database: Database, schema: Schema) -> list[Tenant]:
    """The last row of each table is taken out again: its ids are those of deleted things."""
    marks = count()
    tenants = [
        Tenant(TenantId(_mark(number, next(marks))), number >= INTRUDERS)
        for number in range(TENANTS)
    ]
    async with database.system_transaction() as session:
        for number, tenant in enumerate(tenants):
            made: dict[str, list[Row]] = {}
            for table in tables_of(schema):
                made[table.name] = list(_rows(table, number, tenant, made, marks))
                await session.execute(insert(table), made[table.name])
            for table in reversed(tables_of(schema)):
                rows = made[table.name]
                if table.comment != APPEND_ONLY and len(rows) == ROWS:
                    await session.execute(delete(table).where(*_is(table, rows[-1])))
                for row, texts in zip(rows, tenant.texts, strict=False):
                    _note(row, texts)
    return tenants


async def contents_of_victims(
    database: Database, schema: Schema, tenants: list[Tenant]
) -> dict[str, set[str]]:
    """By table; taken before and after, it shows every change that was made to the others."""
    victims = [tenant.tenant_id for tenant in tenants if tenant.is_victim]
    async with database.system_reading() as session:
        return {
            table.name: {
                repr(tuple(row))
                for row in await session.execute(
                    select(table).where(table.c.tenant_id.in_(victims))
                )
            }
            for table in tables_of(schema)
        }


def _mark(number: int, serial: int) -> str:
    return f"{'v' if number >= INTRUDERS else 'i'}{number:02}x{serial:06}"


def _rows(
    table: Table, number: int, tenant: Tenant, made: Mapping[str, list[Row]], marks: Iterator[int]
) -> Iterator[Row]:
    # Of what a tenant has one of, there is one.
    has_one = [column.name for column in table.primary_key] == ["tenant_id"]
    for place in range(1 if has_one else ROWS):
        row: dict[str, object] = {}
        for column in table.columns:
            row[column.name] = _value(column, number, place, marks)
        for key in table.foreign_key_constraints:
            for element in key.elements:
                there = made.get(element.column.table.name)
                if there:
                    same_place = there[min(place, len(there) - 1)]
                    row[element.parent.name] = same_place[element.column.name]
        row["tenant_id"] = tenant.tenant_id
        yield row


def _value(  # noqa: PLR0911  one for each type
    column: Column[object], number: int, place: int, marks: Iterator[int]
) -> object:
    kind = column.type
    if column.name == "outcome" and column.nullable:
        return None
    if isinstance(kind, String):
        if column.name in _WORDS and not column.primary_key:
            words = _WORDS[column.name]
            return words[place % len(words)]
        return _mark(number, next(marks))
    if column.nullable:
        return None
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return place + 1
    if isinstance(kind, Float):
        return place + 0.5
    if isinstance(kind, LargeBinary):
        return bytes(8)
    return [] if isinstance(kind, JSON) else NOON


def _is(table: Table, row: Row) -> list[ColumnElement[bool]]:
    return [column == row[column.name] for column in table.primary_key]


def _note(row: Row, texts: dict[str, list[str]]) -> None:
    for name, value in row.items():
        if isinstance(value, str) and re.fullmatch(r"[iv]\d\dx\d{6}", value):
            texts[name].append(value)
