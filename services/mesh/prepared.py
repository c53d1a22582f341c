"""Statements that are made once: making one and its text anew costs more than running it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Delete, Dialect, Insert, Select, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

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
    """In the words of one database; `order` is that of the values where they have no names."""

    sql: str
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
        return PreparedText(
            sql=compiled.string,
            demands=demands_of(compiled),
            order=compiled.positiontup if compiled.positional else None,
            written={name: write for name, write in writers.items() if write is not None},
            fixed={
                name: bind.value for bind, name in compiled.bind_names.items() if not bind.required
            },
            read={place: read for place, read in readers.items() if read is not None},
        )
