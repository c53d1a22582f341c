"""Reports as CSV: a column for each field, those of a message inside named after it."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

# A spreadsheet would take a cell that begins so for a formula, whoever wrote it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def csv_text(kind: type[Message], rows: Iterable[Message]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_columns(_fields_of(kind)))
    writer.writerows([*_values(row)] for row in rows)
    return written.getvalue()


def _fields_of(message: Message | type[Message]) -> Descriptor:
    return cast("Descriptor", message.DESCRIPTOR)


def _columns(kind: Descriptor, before: str = "") -> Iterator[str]:
    for field in kind.fields:
        if field.message_type is not None:
            yield from _columns(field.message_type, f"{before}{field.name}_")
        else:
            yield before + field.name


def _values(row: Message) -> Iterator[str | int]:
    for field in _fields_of(row).fields:
        value = getattr(row, field.name)
        if field.message_type is None:
            yield _guarded(value)
        elif row.HasField(field.name):
            yield from _values(value)
        else:
            yield from ("" for _ in _columns(field.message_type))


def _guarded(value: str | int) -> str | int:
    is_formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if is_formula else value
