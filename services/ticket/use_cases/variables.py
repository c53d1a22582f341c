"""Texts with variables, `{{ticket.number}}`, that a ticket fills in.

What comes out of a ticket is text and is not looked at for variables again.
"""

import re
from collections.abc import Mapping, Sequence

from services.ticket.errors.canned_replies import VariableNotGiven, VariableUnknown

# Each character is looked at once, however many braces are never closed.
_VARIABLE = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)


def variables_of(text: str) -> list[str]:
    return [name.strip() for name in _VARIABLE.findall(text)]


def require_variables(field: str, text: str, known: Sequence[str]) -> None:
    for variable in variables_of(text):
        if variable not in known:
            raise VariableUnknown(field, variable, known)


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """Raises VariableNotGiven."""

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        if not values.get(name):
            raise VariableNotGiven(name)
        return values[name]

    return _VARIABLE.sub(value, text)
