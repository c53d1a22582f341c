"""The fields that a tenant gives its tickets, and the values that tickets have of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from math import isfinite
from types import MappingProxyType

from services.ticket.errors.fields import (
    FieldOptionsInvalid,
    FieldOptionUnknown,
    FieldRetired,
    FieldsRequired,
    FieldTextTooLong,
    FieldTypeWrong,
    FieldUnknown,
)

MOST_FIELDS = 100
LONGEST_TEXT = 500


class FieldType(IntEnum):
    TEXT = 1
    NUMBER = 2
    BOOLEAN = 3
    DATE = 4
    CHOICE = 5
    MULTI_CHOICE = 6

    @property
    def chooses(self) -> bool:
        return self in (FieldType.CHOICE, FieldType.MULTI_CHOICE)


_PYTHON_TYPES: Mapping[FieldType, type] = MappingProxyType(
    {
        FieldType.TEXT: str,
        FieldType.NUMBER: float,
        FieldType.BOOLEAN: bool,
        FieldType.DATE: str,
        FieldType.CHOICE: str,
        FieldType.MULTI_CHOICE: tuple,
    }
)


@dataclass(frozen=True)
class FieldDefinition:
    """Key, type and audience never change, so that what tickets hold keeps its meaning."""

    key: str
    label: str
    field_type: FieldType
    create_time: datetime
    options: tuple[str, ...] = ()
    is_required: bool = False  # before a ticket is resolved
    is_for_customers: bool = False
    is_retired: bool = False


@dataclass(frozen=True)
class FieldValue:
    """A date is text as `2027-12-01`; of several options each is there once, in order."""

    field_type: FieldType
    value: str | float | bool | tuple[str, ...]


Fields = Mapping[str, FieldValue]
FieldChanges = Mapping[str, FieldValue | None]
"""New values by key; None takes one away."""


def require_definition(definition: FieldDefinition) -> None:
    if bool(definition.options) != definition.field_type.chooses:
        raise FieldOptionsInvalid(definition.key, needed=definition.field_type.chooses)


def checked(
    definitions: Iterable[FieldDefinition],
    given: FieldChanges,
    present: Fields = MappingProxyType({}),
    *,
    retired_too: bool = False,
) -> FieldChanges:
    """Returns what of it is new. What is as it was may stay, whatever became of its field.

    Raises why a value cannot be, in a class for each reason.
    """
    by_key = {definition.key: definition for definition in definitions}
    changes: dict[str, FieldValue | None] = {}
    for key, value in sorted(given.items()):
        if key not in by_key:
            raise FieldUnknown(key)
        if present.get(key) == value:
            continue
        if value is not None:
            if by_key[key].is_retired and not retired_too:
                raise FieldRetired(key)
            _require_value(by_key[key], value)
        changes[key] = value
    return changes


def require_complete(definitions: Iterable[FieldDefinition], present: Collection[str]) -> None:
    """Raises FieldsRequired where a ticket may not be resolved for want of a value."""
    missing = [
        definition.key
        for definition in definitions
        if definition.is_required and not definition.is_retired and definition.key not in present
    ]
    if missing:
        raise FieldsRequired(missing)


def with_fields(before: Fields, changes: FieldChanges) -> Fields:
    merged = {**before, **changes}
    return {key: value for key, value in sorted(merged.items()) if value is not None}


def changed_fields(before: Fields, after: Fields) -> FieldChanges:
    return {
        key: after.get(key)
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    }


def split_by_audience(
    definitions: Iterable[FieldDefinition], changes: FieldChanges
) -> tuple[FieldChanges, FieldChanges]:
    """Those of the fields that customers see too, and those of all others."""
    shared = {one.key for one in definitions if one.is_for_customers}
    public = {key: value for key, value in changes.items() if key in shared}
    return public, {key: value for key, value in changes.items() if key not in shared}


def changed_definition(
    before: FieldDefinition, after: FieldDefinition, names: Collection[str]
) -> FieldDefinition:
    """Takes over the attributes of these names."""
    changed = replace(before, **{name: getattr(after, name) for name in names})
    require_definition(changed)
    return changed


def _require_value(definition: FieldDefinition, given: FieldValue) -> None:
    field_type, value = definition.field_type, given.value
    if given.field_type is not field_type or not isinstance(value, _PYTHON_TYPES[field_type]):
        raise FieldTypeWrong(definition.key, field_type.name)
    if isinstance(value, float) and not isfinite(value):
        raise FieldTypeWrong(definition.key, field_type.name)
    if field_type is FieldType.DATE and not _is_date(str(value)):
        raise FieldTypeWrong(definition.key, field_type.name)
    if field_type is FieldType.TEXT and len(str(value)) > LONGEST_TEXT:
        raise FieldTextTooLong(definition.key, LONGEST_TEXT)
    if field_type.chooses:
        chosen = value if isinstance(value, tuple) else (str(value),)
        for option in chosen:
            if option not in definition.options:
                raise FieldOptionUnknown(definition.key, option)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
