"""What a statement asks of rows that belong to tenants: which of its values must be the tenant.

A table is bound to a tenant by a condition `tenant_id = :value` that always holds, or by one that
sets its `tenant_id` equal to that of a bound table. SQLite has no row security; this is its wall.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Alias,
    BinaryExpression,
    BindParameter,
    ClauseElement,
    ColumnElement,
    CompoundSelect,
    Delete,
    FromClause,
    Insert,
    Join,
    Select,
    SelectBase,
    Table,
    TextClause,
    Update,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import (
    BooleanClauseList,
    Grouping,
    ReleaseSavepointClause,
    RollbackToSavepointClause,
    SavepointClause,
)
from sqlalchemy.sql.selectable import (
    AliasedReturnsRows,
    FromGrouping,
    TableValuedAlias,
)

COLUMN = "tenant_id"
_TEXT = "what a text says"

# Tables are told apart by their hash, which survives what the ORM notes on them.
_Key = int


@dataclass(frozen=True)
class Demands:
    """`values` must all be the tenant; `free` are tables of tenants that nothing binds to one."""

    values: frozenset[str]
    free: frozenset[str]


@dataclass
class _Equal:
    """Two sides of a condition. Only tables among `targets` are bound by it, where given."""

    left: ClauseElement
    right: ClauseElement
    targets: frozenset[_Key] | None


@dataclass
class _Found:
    compiled: SQLCompiler
    values: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)


def demands_of(compiled: SQLCompiler) -> Demands:
    """Of a statement as SQLAlchemy compiled it."""
    state = compiled.compile_state
    found = _Found(compiled)
    _examine_statement(compiled.statement if state is None else state.statement, found)
    return Demands(frozenset(found.values), frozenset(found.free))


def _examine_statement(statement: ClauseElement | None, found: _Found) -> None:
    match statement:
        case SelectBase():
            _examine_select(statement, found, frozenset())
        case Insert():
            _examine_insert(statement, found)
        case Update() | Delete():
            _examine_change(statement, found)
        case SavepointClause() | RollbackToSavepointClause() | ReleaseSavepointClause():
            pass
        case _:
            found.free.add(_TEXT if isinstance(statement, TextClause) else "something unknown")


def _examine_select(select: ClauseElement, found: _Found, outer: frozenset[_Key]) -> None:
    if isinstance(select, CompoundSelect):
        for one in select.selects:
            _examine_select(one, found, outer)
    elif isinstance(select, Select):
        equals = list(_equals(select.whereclause, None))
        tables: dict[_Key, FromClause] = {}
        for source in select.get_final_froms():
            _examine_source(source, found, tables, equals)
        bound = _bind(tables, equals, found, outer)
        for part in select.get_children():
            _examine_nested(part, found, bound)
    else:
        # A select in brackets, or one that is made of text.
        inner = getattr(select, "element", None)
        if inner is None:
            found.free.add(_TEXT)
        else:
            _examine_select(inner, found, outer)


def _examine_change(statement: Update | Delete, found: _Found) -> None:
    equals = list(_equals(statement.whereclause, None))
    tables: dict[_Key, FromClause] = {}
    _examine_source(statement.table, found, tables, equals)
    for source in _mentioned(statement.whereclause):
        _examine_source(source, found, tables, equals)
    bound = _bind(tables, equals, found, frozenset())
    for part in statement.get_children():
        _examine_nested(part, found, bound)
    if isinstance(statement, Update):
        found.values |= _written(found.compiled)


def _examine_insert(statement: Insert, found: _Found) -> None:
    if not _has_tenant(statement.table):
        return
    written = _written(found.compiled)
    if statement.select is not None or not written:
        found.free.add(str(statement.table))
    found.values |= written


def _examine_source(
    source: ClauseElement, found: _Found, tables: dict[_Key, FromClause], equals: list[_Equal]
) -> None:
    match source:
        case Join():
            _examine_source(source.left, found, tables, equals)
            right: dict[_Key, FromClause] = {}
            _examine_source(source.right, found, right, equals)
            tables |= right
            # What an outer join asks of the right side keeps nothing of the left side out.
            targets = frozenset(right) if source.isouter else None
            if not source.full:
                equals += _equals(source.onclause, targets)
            _examine_nested(source.onclause, found, frozenset(tables))
        case FromGrouping():
            _examine_source(source.element, found, tables, equals)
        case TableValuedAlias():
            pass
        case Table():
            tables[hash(source)] = source
        case Alias() if isinstance(source.element, Table):
            tables[hash(source)] = source
        case AliasedReturnsRows():
            # A select in place of a table sees nothing of the one around it.
            _examine_select(source.element, found, frozenset())
        case _:
            found.free.add(str(source))


def _examine_nested(part: ClauseElement | None, found: _Found, bound: frozenset[_Key]) -> None:
    """Selects inside of conditions and columns, which see the tables around them."""
    if part is None or isinstance(part, FromClause):
        return
    if isinstance(part, SelectBase):
        _examine_select(part, found, bound)
        return
    for child in part.get_children():
        _examine_nested(child, found, bound)


def _bind(
    tables: dict[_Key, FromClause],
    equals: Iterable[_Equal],
    found: _Found,
    outer: frozenset[_Key],
) -> frozenset[_Key]:
    """The bound tables; those of tenants that are not bound are noted."""
    bound = set(outer)
    pending = list(equals)
    is_growing = True
    while is_growing:
        is_growing = False
        for equal in pending:
            for one, other in ((equal.left, equal.right), (equal.right, equal.left)):
                table = _table_of_tenant(one)
                if table is None or table in bound:
                    continue
                if equal.targets is not None and table not in equal.targets:
                    continue
                if isinstance(other, BindParameter) or _table_of_tenant(other) in bound:
                    bound.add(table)
                    is_growing = True
    for equal in pending:
        for one, other in ((equal.left, equal.right), (equal.right, equal.left)):
            if _table_of_tenant(one) is not None and isinstance(other, BindParameter):
                found.values.add(found.compiled.bind_names[other])
    found.free |= {
        str(getattr(table, "name", table))
        for key, table in tables.items()
        if key not in bound and _has_tenant(table)
    }
    return frozenset(bound)


def _equals(clause: object, targets: frozenset[_Key] | None) -> Iterator[_Equal]:
    """The equations that hold for every row: those that nothing but AND stands around."""
    match clause:
        case Grouping():
            yield from _equals(clause.element, targets)
        case BooleanClauseList() if clause.operator is operators.and_:
            for part in clause.get_children():
                yield from _equals(part, targets)
        case BinaryExpression() if clause.operator is operators.eq:
            yield _Equal(clause.left, clause.right, targets)


def _table_of_tenant(side: ClauseElement) -> _Key | None:
    """The table whose `tenant_id` this is."""
    if not isinstance(side, ColumnElement) or getattr(side, "name", None) != COLUMN:
        return None
    table: FromClause | None = getattr(side, "table", None)
    return None if table is None else hash(table)


def _has_tenant(table: FromClause) -> bool:
    return COLUMN in table.columns


def _written(compiled: SQLCompiler) -> set[str]:
    """The values that an INSERT or UPDATE writes into `tenant_id`: one, or one for each row."""
    names = {str(name) for name in compiled.binds}
    return {name for name in names if name == COLUMN or name.startswith(f"{COLUMN}_m")}


def _mentioned(clause: Any) -> Iterable[FromClause]:  # noqa: ANN401  any condition, or none
    return () if clause is None else clause._from_objects
