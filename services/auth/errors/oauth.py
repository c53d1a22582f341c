"""Refusals that are about OAuth: clients, scopes and devices."""

from services.auth.errors import DOMAIN
from services.mesh.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    InvalidRequest,
    NotFound,
)


class OAuthRefused(InvalidArgument):
    """In OAuth's own words: one of the registered errors, and a sentence for the developer."""

    domain = DOMAIN
    reason = "OAUTH_REFUSED"

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description, metadata={"error": error, "error_description": description})
        self.error = error


class ScopeRefused(OAuthRefused):
    def __init__(self) -> None:
        super().__init__("invalid_scope", "The scope is beyond what was granted.")


class AuthorizationExpired(FailedPrecondition):
    domain = DOMAIN
    reason = "AUTHORIZATION_EXPIRED"

    def __init__(self) -> None:
        super().__init__("This page is too old, or was answered already. Please begin again.")


class UserCodeUnknown(NotFound):
    domain = DOMAIN
    reason = "USER_CODE_UNKNOWN"

    def __init__(self) -> None:
        super().__init__("No device waits with this code.")


class ClientNotFound(NotFound):
    domain = DOMAIN
    reason = "CLIENT_NOT_FOUND"

    def __init__(self, client_id: str) -> None:
        super().__init__("There is no such client.", metadata={"client_id": client_id})


class ClientIsPublic(FailedPrecondition):
    domain = DOMAIN
    reason = "CLIENT_IS_PUBLIC"

    def __init__(self, client_id: str) -> None:
        super().__init__("A public client has no secret.", metadata={"client_id": client_id})


class ClientFieldFixed(InvalidArgument):
    domain = DOMAIN
    reason = "CLIENT_FIELD_FIXED"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' cannot be updated.",
            metadata={"field": field},
            violations=[FieldViolation("update_mask", f"'{field}' cannot be updated")],
        )


class ClientRefused(InvalidRequest):
    """Breaks a rule that the field rules of the contract cannot say."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(
            "The client cannot be used like this.", violations=(FieldViolation(field, problem),)
        )
