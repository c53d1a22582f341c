"""Every refusal of auth.

InvalidArgument     PasswordRefused, UserIncomplete, UserFieldFixed
Unauthenticated     CredentialsWrong, OneTimeCodeRequired, RefreshTokenInvalid, AccountCodeInvalid
PermissionDenied    RoleNotGrantable, UserMayMore
NotFound            TenantNotFound, UserNotFound, RoleNotFound
AlreadyExists       TenantSlugTaken, UserEmailTaken
Aborted             UserChanged
FailedPrecondition  LastAdmin, UserStateUnfit
ResourceExhausted   LoginThrottled
"""

from datetime import timedelta

from services.mesh.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)

DOMAIN = "helpdesk.auth"


class CredentialsWrong(Unauthenticated):
    domain = DOMAIN
    reason = "CREDENTIALS_WRONG"

    def __init__(self) -> None:
        super().__init__("These credentials do not belong together.")


class OneTimeCodeRequired(Unauthenticated):
    domain = DOMAIN
    reason = "ONE_TIME_CODE_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Send the code of the authenticator app as well.")


class RefreshTokenInvalid(Unauthenticated):
    domain = DOMAIN
    reason = "REFRESH_TOKEN_INVALID"

    def __init__(self) -> None:
        super().__init__("The refresh token is not valid; log in again.")


class TenantNotFound(NotFound):
    domain = DOMAIN
    reason = "TENANT_NOT_FOUND"

    def __init__(self, tenant_id: str = "") -> None:
        super().__init__("There is no such tenant.", metadata={"tenant_id": tenant_id})


class TenantSlugTaken(AlreadyExists):
    domain = DOMAIN
    reason = "TENANT_SLUG_TAKEN"

    def __init__(self, slug: str) -> None:
        super().__init__("A tenant with this slug exists.", metadata={"slug": slug})


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


class RoleNotFound(NotFound):
    domain = DOMAIN
    reason = "ROLE_NOT_FOUND"

    def __init__(self, role: str) -> None:
        super().__init__("There is no such role.", metadata={"role": role})


class LoginThrottled(ResourceExhausted):
    domain = DOMAIN
    reason = "LOGIN_THROTTLED"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many failed logins; wait and try again.", retry_after=wait)


class LastAdmin(FailedPrecondition):
    domain = DOMAIN
    reason = "LAST_ADMIN"

    def __init__(self, user_id: str) -> None:
        super().__init__("The tenant would have no admin left.", metadata={"user_id": user_id})


class PasswordRefused(InvalidRequest):
    """Breaks a rule between two fields, which the field rules of the contract cannot say."""

    def __init__(self, field: str, weakness: str) -> None:
        super().__init__(
            "The password cannot be used.", violations=(FieldViolation(field, weakness),)
        )


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


class AccountCodeInvalid(Unauthenticated):
    domain = DOMAIN
    reason = "ACCOUNT_CODE_INVALID"

    def __init__(self) -> None:
        super().__init__("The code is not valid any more; ask for a new one.")


class RoleNotGrantable(PermissionDenied):
    domain = DOMAIN
    reason = "ROLE_NOT_GRANTABLE"

    def __init__(self, role: str) -> None:
        super().__init__("You lack permissions that this role gives.", metadata={"role": role})
