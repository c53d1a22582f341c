"""Refusals that are about foreign identity providers and whom they vouch for."""

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
    Unauthenticated,
)


class IdentityProviderNotFound(NotFound):
    domain = DOMAIN
    reason = "IDENTITY_PROVIDER_NOT_FOUND"

    def __init__(self, identity_provider_id: str = "") -> None:
        super().__init__(
            "There is no such identity provider.",
            metadata={"identity_provider_id": identity_provider_id},
        )


class IdentityProviderIssuerTaken(AlreadyExists):
    domain = DOMAIN
    reason = "IDENTITY_PROVIDER_ISSUER_TAKEN"

    def __init__(self, issuer: str) -> None:
        super().__init__(
            "An identity provider with this issuer exists.", metadata={"issuer": issuer}
        )


class IdentityProviderChanged(Aborted):
    domain = DOMAIN
    reason = "IDENTITY_PROVIDER_CHANGED"

    def __init__(self, etag: str) -> None:
        super().__init__(
            "The identity provider has changed since you read it; read it again.",
            metadata={"etag": etag},
        )


class IdentityProviderFieldFixed(InvalidArgument):
    domain = DOMAIN
    reason = "IDENTITY_PROVIDER_FIELD_FIXED"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' cannot be updated.",
            metadata={"field": field},
            violations=[FieldViolation("update_mask", f"'{field}' cannot be updated")],
        )


class IdentityProviderRefused(InvalidRequest):
    """Breaks a rule that the field rules of the contract cannot say."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(
            "The identity provider cannot be used like this.",
            violations=(FieldViolation(f"identity_provider.{field}", problem),),
        )


class IdentityProviderUnusable(FailedPrecondition):
    """Not Unavailable, which would say that auth itself cannot be reached."""

    domain = DOMAIN
    reason = "IDENTITY_PROVIDER_UNUSABLE"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"The identity provider cannot be used: {problem}.", metadata={"problem": problem}
        )
        self.problem = problem


class FederatedLoginInvalid(Unauthenticated):
    domain = DOMAIN
    reason = "FEDERATED_LOGIN_INVALID"

    def __init__(self) -> None:
        super().__init__("This login is not under way; begin again.")


class ExternalTokenInvalid(Unauthenticated):
    """`rule` is for the log: whoever sends tokens does not learn which rule they broke."""

    domain = DOMAIN
    reason = "EXTERNAL_TOKEN_INVALID"

    def __init__(self, rule: str = "") -> None:
        super().__init__("The identity provider's word is not believed.")
        self.rule = rule


class ExternalUserRefused(PermissionDenied):
    """`rule` is for the log: whoever knocks does not learn who lives here."""

    domain = DOMAIN
    reason = "EXTERNAL_USER_REFUSED"

    def __init__(self, rule: str = "") -> None:
        super().__init__("This account may not log in here; ask your administrator.")
        self.rule = rule
