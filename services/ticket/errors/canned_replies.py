"""Refusals about canned replies and their variables."""

from collections.abc import Sequence

from services.mesh.errors import (
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
)
from services.ticket.errors import DOMAIN


class CannedReplyNotFound(NotFound):
    domain = DOMAIN
    reason = "CANNED_REPLY_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__("There is no such canned reply.", metadata={"name": name})


class CannedReplyExists(AlreadyExists):
    domain = DOMAIN
    reason = "CANNED_REPLY_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__("A canned reply of this name exists.", metadata={"name": name})


class TooManyCannedReplies(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_CANNED_REPLIES"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant has at most {most} canned replies.", metadata={"most": str(most)}
        )


class VariableUnknown(InvalidArgument):
    """The text names a variable that there is not."""

    domain = DOMAIN
    reason = "VARIABLE_UNKNOWN"

    def __init__(self, field: str, variable: str, known: Sequence[str]) -> None:
        # It may be as long as the text, and an answer's trailers may not.
        shown = variable[:100]
        expectation = f"there is no variable '{shown}', but {', '.join(known)}"
        super().__init__(
            f"There is no variable '{shown}'.",
            metadata={"variable": shown},
            violations=[FieldViolation(field, expectation)],
        )


class VariableNotGiven(FailedPrecondition):
    """The text names a variable that has no value for this ticket."""

    domain = DOMAIN
    reason = "VARIABLE_NOT_GIVEN"

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"The variable '{variable}' has no value here.", metadata={"variable": variable}
        )
