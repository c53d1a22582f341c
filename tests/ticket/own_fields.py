"""A tenant's own fields of every type, for customers too and for agents alone, and values."""

import random
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from services.ticket.domain import FieldChanges, FieldDefinition, FieldType, FieldValue
from services.ticket.filter.query import Comparator, Expression, FieldComparison, HasField
from tests.ticket.builders import NOON

_TEXTS = ("", "X", "x", "Straße", "20", "it's")
_NUMBERS = (-1.5, 0.0, 3.0, 5.0, 1e22, 0.1)
_DAYS = ("2026-12-31", "2027-01-01", "2027-02-28")
_OPTIONS = ("Fax", "Phone", "Wi-Fi, indoors")
_SOME = (("Fax",), ("Fax", "Phone"), _OPTIONS)

_VALUES: Mapping[FieldType, Sequence[str | float | bool | tuple[str, ...]]] = {
    FieldType.TEXT: _TEXTS[1:],
    FieldType.NUMBER: _NUMBERS,
    FieldType.BOOLEAN: (True, False),
    FieldType.DATE: _DAYS,
    FieldType.CHOICE: _OPTIONS,
    FieldType.MULTI_CHOICE: _SOME,
}
_COMPARED: Mapping[FieldType, Sequence[str | float | bool]] = {
    FieldType.TEXT: _TEXTS,
    FieldType.NUMBER: _NUMBERS,
    FieldType.BOOLEAN: (True, False),
    FieldType.DATE: _DAYS,
    FieldType.CHOICE: _OPTIONS,
    FieldType.MULTI_CHOICE: _OPTIONS,
}
_EQUALITY = (Comparator.EQUAL, Comparator.NOT_EQUAL)


def a_field(
    field_type: FieldType = FieldType.TEXT,
    key: str = "",
    *,
    for_customers: bool = True,
    required: bool = False,
    retired: bool = False,
) -> FieldDefinition:
    return FieldDefinition(
        key=key or field_type.name.lower(),
        label=field_type.name.capitalize(),
        field_type=field_type,
        create_time=NOON,
        options=_OPTIONS if field_type.chooses else (),
        is_for_customers=for_customers,
        is_required=required,
        is_retired=retired,
    )


DEFINITIONS = (
    *(a_field(field_type) for field_type in FieldType),
    *(
        a_field(field_type, f"our_{field_type.name.lower()}", for_customers=False)
        for field_type in FieldType
    ),
)
_BY_KEY = {definition.key: definition for definition in DEFINITIONS}


def a_value(key: str, value: str | float | bool | tuple[str, ...]) -> FieldValue:
    return FieldValue(_BY_KEY[key].field_type, value)


def random_values(dice: random.Random) -> FieldChanges:
    keys = dice.sample([*_BY_KEY], dice.randrange(5))
    return {key: a_value(key, dice.choice(_VALUES[_BY_KEY[key].field_type])) for key in keys}


def random_leaf(dice: random.Random) -> Expression:
    definition = dice.choice(DEFINITIONS)
    if dice.random() < 0.2:
        return HasField(definition.key)
    is_ordered = definition.field_type in (FieldType.NUMBER, FieldType.DATE)
    comparator = dice.choice(tuple(Comparator) if is_ordered else _EQUALITY)
    return FieldComparison(
        definition.key, comparator, dice.choice(_COMPARED[definition.field_type])
    )


values = st.dictionaries(st.sampled_from(DEFINITIONS), st.integers(0, 9), max_size=4).map(
    lambda chosen: {
        one.key: a_value(one.key, _VALUES[one.field_type][place])
        if place < len(_VALUES[one.field_type])
        else None
        for one, place in chosen.items()
    }
)
"""New values of some fields, or None, which takes one away."""


@st.composite
def leaves(draw: st.DrawFn) -> Expression:
    return random_leaf(draw(st.randoms(use_true_random=False)))
