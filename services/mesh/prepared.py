"""Statements that are made once: making one and its text anew costs more than running it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    Delete,
    Dialect,
    Insert,
    Select,
    String,
    Table,
    Text,
    Update,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

from services.mesh.tenant_conditions import Demands, demands_of

# The two databases' own, which both can say what to do where there is such a row.
DialectInsert = sqlite.Insert | postgresql.Insert
InsertInto = Callable[[type[DeclarativeBase] | Table], DialectInsert]
Statement = Insert | Update | Delete | Select[*tuple[Any, ...]]
Values = Mapping[str, object]
Rows = list[tuple[Any, ...]]

_INSERT: Mapping[str, InsertInto] = {
    "sqlite": cast("InsertInto", sqlite.insert),
    "postgresql": cast("InsertInto", postgresql.insert),
}


@dataclass(frozen=True)
class PreparedText:
    """In the words of one database; `order` is that of the values where they have no names.

    `of_many` inserts any number of rows, of which each value is a list, where the database knows
    how to: each statement costs its driver more than a row does the server.
    """

    sql: str
    of_many: str | None
    demands: Demands
    order: Sequence[str] | None
    written: Mapping[str, Callable[[Any], object]]
    fixed: Values
    read: Mapping[int, Callable[[Any], object]]

    def bound(self, values: Values) -> Any:  # noqa: ANN401  a tuple or a mapping, as the driver asks
        given = {**self.fixed, **values}
        for name, write in self.written.items():
            given[name] = write(given[name])
        return given if self.order is None else tuple(given[name] for name in self.order)

    def gathered(self, rows: Sequence[Values]) -> Values:
        """For `of_many`."""
        each = [self.bound(row) for row in rows]
        return {name: [row[name] for row in each] for name in each[0]}

    def found(self, rows: Rows) -> Rows:
        if not self.read:
            return rows
        return [
            tuple(
                self.read[place](value) if place in self.read else value
                for place, value in enumerate(row)
            )
            for row in rows
        ]


class Prepared:
    """What `make` returns when it is handed the database's own `insert`.

    The values of an INSERT are those of its rows, all others are parameters with a name.
    """

    def __init__(self, make: Callable[[InsertInto], Statement]) -> None:
        self._make = make
        self._texts: dict[tuple[str, tuple[str, ...]], PreparedText] = {}

    def text(self, dialect: Dialect, values: Values) -> PreparedText:
        key = dialect.name, tuple(values)
        known = self._texts.get(key)
        if known is None:
            known = self._texts[key] = self._compile(dialect, list(values))
        return known

    def _compile(self, dialect: Dialect, names: list[str]) -> PreparedText:
        statement = self._make(_INSERT[dialect.name])
        columns = names if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        if compiled.post_compile_params:
            raise TypeError("a statement whose text depends on its values cannot be prepared")
        writers = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        readers = {
            place: column.type.dialect_impl(dialect).result_processor(dialect, None)
            for place, column in enumerate(compiled._result_columns)
        }
        of_many = None
        if isinstance(statement, Insert) and dialect.name == "postgresql":
            of_many = _of_many(statement, names).compile(dialect=dialect).string
        return PreparedText(
            sql=compiled.string,
            of_many=of_many,
            demands=demands_of(compiled),
            order=compiled.positiontup if compiled.positional else None,
            written={name: write for name, write in writers.items() if write is not None},
            fixed={
                name: bind.value for bind, name in compiled.bind_names.items() if not bind.required
            },
            read={place: read for place, read in readers.items() if read is not None},
        )


def _of_many(statement: Insert, names: Sequence[str]) -> Insert:
    columns = cast("Table", statement.table).columns
    lists = [bindparam(name, type_=ARRAY(_item(columns[name].type))) for name in names]
    rows = func.unnest(*lists).table_valued(*names).render_derived()
    return statement.from_select(names, select(*rows.columns))


def _item(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    # A cast to the column's own type would cut what is too long for it, without a word.
    return Text() if isinstance(type_, String) else type_
