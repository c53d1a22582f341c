"""Refusals that are about users."""

from services.auth.errors import DOMAIN
from services.mesh.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)


class UserNotFound(NotFound):
    domain = DOMAIN
    reason = "USER_NOT_FOUND"

    def __init__(self, user_id: str = "") -> None:
        super().__init__("There is no such user.", metadata={"user_id": user_id})


class UserEmailTaken(AlreadyExists):
    domain = DOMAIN
    reason = "USER_EMAIL_TAKEN"

    def __init__(self) -> None:
        super().__init__("A user with this e-mail address exists.")


class LastAdmin(FailedPrecondition):
    domain = DOMAIN
    reason = "LAST_ADMIN"

    def __init__(self, user_id: str) -> None:
        super().__init__("The tenant would have no admin left.", metadata={"user_id": user_id})


class UserIncomplete(InvalidRequest):
    """Lacks what an update may leave out and a new user may not."""

    def __init__(self, field: str) -> None:
        super().__init__(
            "The user is incomplete.", violations=(FieldViolation(field, "value is required"),)
        )


class UserChanged(Aborted):
    domain = DOMAIN
    reason = "USER_CHANGED"

    def __init__(self, etag: str = "") -> None:
        super().__init__(
            "The user has changed since you read it; read it again.", metadata={"etag": etag}
        )


class UserFieldFixed(InvalidArgument):
    domain = DOMAIN
    reason = "USER_FIELD_FIXED"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' cannot be updated.",
            metadata={"field": field},
            violations=[FieldViolation("update_mask", f"'{field}' cannot be updated")],
        )


class UserMayMore(PermissionDenied):
    domain = DOMAIN
    reason = "USER_MAY_MORE"

    def __init__(self, user_id: str) -> None:
        super().__init__("The user holds permissions that you lack.", metadata={"user_id": user_id})


class UserStateUnfit(FailedPrecondition):
    domain = DOMAIN
    reason = "USER_STATE_UNFIT"

    def __init__(self, state: str) -> None:
        super().__init__(
            f"This is not possible for a user who is {state}.", metadata={"state": state.upper()}
        )
