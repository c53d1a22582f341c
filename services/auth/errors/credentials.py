"""Refusals that are about passwords, codes and tokens."""

from datetime import timedelta

from services.auth.errors import DOMAIN
from services.mesh.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    ResourceExhausted,
    Unauthenticated,
)


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


class LoginThrottled(ResourceExhausted):
    domain = DOMAIN
    reason = "LOGIN_THROTTLED"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many failed logins; wait and try again.", retry_after=wait)


class PasswordRefused(InvalidArgument):
    domain = DOMAIN
    reason = "PASSWORD_REFUSED"

    def __init__(self, field: str, weakness: str) -> None:
        super().__init__(
            "The password cannot be used.", violations=(FieldViolation(field, weakness),)
        )


class AccountCodeInvalid(Unauthenticated):
    domain = DOMAIN
    reason = "ACCOUNT_CODE_INVALID"

    def __init__(self) -> None:
        super().__init__("The code is not valid any more; ask for a new one.")


class TotpEnrolled(FailedPrecondition):
    domain = DOMAIN
    reason = "TOTP_ENROLLED"

    def __init__(self) -> None:
        super().__init__("An authenticator app is on already; turn it off first.")


class TotpNotEnrolled(FailedPrecondition):
    domain = DOMAIN
    reason = "TOTP_NOT_ENROLLED"

    def __init__(self) -> None:
        super().__init__("There is no authenticator app to confirm or to turn off.")
