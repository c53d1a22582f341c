"""Refusals about macros."""

from services.mesh.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
)
from services.ticket.errors import DOMAIN


class MacroNotFound(NotFound):
    domain = DOMAIN
    reason = "MACRO_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__("There is no such macro.", metadata={"name": name})


class TooManyMacros(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_MACROS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A tenant has at most {most} macros.", metadata={"most": str(most)})


class MacroActionInvalid(InvalidArgument):
    """Nobody can take this action."""

    domain = DOMAIN
    reason = "MACRO_ACTION_INVALID"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"An action of the macro cannot be: {why}.",
            violations=[FieldViolation("macro.actions", why)],
        )
