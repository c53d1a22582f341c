"""Refusals about a ticket itself."""

from services.mesh.errors import (
    Aborted,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from services.ticket.errors import DOMAIN


class TicketNotFound(NotFound):
    """The tenant has no such ticket, or the caller may not see it; nobody can tell which."""

    domain = DOMAIN
    reason = "TICKET_NOT_FOUND"

    def __init__(self, ticket_id: str) -> None:
        super().__init__("There is no such ticket.", metadata={"ticket_id": ticket_id})


class TicketChanged(Aborted):
    """The ticket has changed since the caller read it."""

    domain = DOMAIN
    reason = "TICKET_CHANGED"

    def __init__(self, etag: str) -> None:
        super().__init__(
            "The ticket has changed since you read it; read it again.", metadata={"etag": etag}
        )


class TransitionNotAllowed(FailedPrecondition):
    """The ticket's status does not allow this step."""

    domain = DOMAIN
    reason = "TRANSITION_NOT_ALLOWED"

    def __init__(self, status: str, verb: str) -> None:
        super().__init__(
            f"A ticket that is {status} does not allow the step '{verb}'.",
            metadata={"status": status, "verb": verb},
        )


class FieldNotUpdatable(InvalidArgument):
    """The update mask names a field that a ticket does not have."""

    domain = DOMAIN
    reason = "FIELD_NOT_UPDATABLE"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' cannot be updated.",
            metadata={"field": field},
            violations=[FieldViolation("update_mask", f"'{field}' cannot be updated")],
        )


class FilterInvalid(InvalidArgument):
    """The filter or the order cannot be read."""

    domain = DOMAIN
    reason = "FILTER_INVALID"

    def __init__(self, field: str, position: int, expectation: str) -> None:
        where = f"at position {position}: {expectation}"
        super().__init__(
            f"The {field} cannot be read {where}.", violations=[FieldViolation(field, where)]
        )


class InternalCommentNotAllowed(PermissionDenied):
    """Only agents may write internal comments."""

    domain = DOMAIN
    reason = "INTERNAL_COMMENT_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("Only agents may write internal comments.")


class TooManyFollowers(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_FOLLOWERS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} followers.", metadata={"most": str(most)})


class CommentNotFound(NotFound):
    domain = DOMAIN
    reason = "COMMENT_NOT_FOUND"

    def __init__(self, comment_id: str) -> None:
        super().__init__("The ticket has no such comment.", metadata={"comment_id": comment_id})


class RatingNotAllowed(PermissionDenied):
    """Only a ticket's requester rates what was done."""

    domain = DOMAIN
    reason = "RATING_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("Only the requester may rate what was done.")


class TooManyTags(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_TAGS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} tags.", metadata={"most": str(most)})
