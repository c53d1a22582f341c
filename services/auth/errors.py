"""Every refusal of auth.

InvalidArgument     PasswordRefused, UserIncomplete, UserFieldFixed, RoleNameReserved,
                    RoleFieldFixed, PermissionUnknown, ApiKeyLifeRefused,
                    IdentityProviderFieldFixed, IdentityProviderRefused, OAuthRefused, ScopeRefused
Unauthenticated     CredentialsWrong, OneTimeCodeRequired, RefreshTokenInvalid, AccountCodeInvalid,
                    FederatedLoginInvalid, ExternalTokenInvalid
PermissionDenied    TenantSuspended, RoleNotGrantable, PermissionNotGrantable, UserMayMore,
                    ExternalUserRefused
NotFound            TenantNotFound, UserNotFound, RoleNotFound, IdentityProviderNotFound,
                    ApiKeyNotFound, UserCodeUnknown
AlreadyExists       TenantSlugTaken, UserEmailTaken, IdentityProviderIssuerTaken,
                    RoleNameTaken
FailedPrecondition  LastAdmin, UserStateUnfit, RoleFixed, RoleInUse, TotpEnrolled,
                    TotpNotEnrolled, TenantDeleting, TenantProtected, AuthorizationExpired,
                    IdentityProviderUnusable
Aborted             UserChanged, RoleChanged, IdentityProviderChanged
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


class TenantSuspended(PermissionDenied):
    """Only for those whose credentials are right: to others the tenant may not exist."""

    domain = DOMAIN
    reason = "TENANT_SUSPENDED"

    def __init__(self) -> None:
        super().__init__("This tenant is suspended; ask the operator of the platform.")


class TenantDeleting(FailedPrecondition):
    domain = DOMAIN
    reason = "TENANT_DELETING"

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            "The tenant is being deleted, and that cannot be stopped.",
            metadata={"tenant_id": tenant_id},
        )


class TenantProtected(FailedPrecondition):
    domain = DOMAIN
    reason = "TENANT_PROTECTED"

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            "The platform's own tenant can be neither suspended nor deleted.",
            metadata={"tenant_id": tenant_id},
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


class PasswordRefused(InvalidArgument):
    domain = DOMAIN
    reason = "PASSWORD_REFUSED"

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


class RoleFixed(FailedPrecondition):
    domain = DOMAIN
    reason = "ROLE_FIXED"

    def __init__(self, role: str) -> None:
        super().__init__("A role of the product cannot be changed.", metadata={"role": role})


class RoleNameReserved(InvalidArgument):
    domain = DOMAIN
    reason = "ROLE_NAME_RESERVED"

    def __init__(self, role: str) -> None:
        super().__init__(
            "This name is kept for roles of the product.",
            metadata={"role": role},
            violations=[FieldViolation("role.name", "is reserved")],
        )


class RoleNameTaken(AlreadyExists):
    domain = DOMAIN
    reason = "ROLE_NAME_TAKEN"

    def __init__(self, role: str) -> None:
        super().__init__("A role of this name exists.", metadata={"role": role})


class RoleInUse(FailedPrecondition):
    domain = DOMAIN
    reason = "ROLE_IN_USE"

    def __init__(self, role: str) -> None:
        super().__init__("Somebody holds the role; take it away first.", metadata={"role": role})


class RoleChanged(Aborted):
    domain = DOMAIN
    reason = "ROLE_CHANGED"

    def __init__(self, etag: str = "") -> None:
        super().__init__(
            "The role has changed since you read it; read it again.", metadata={"etag": etag}
        )


class RoleFieldFixed(InvalidArgument):
    domain = DOMAIN
    reason = "ROLE_FIELD_FIXED"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' cannot be updated.",
            metadata={"field": field},
            violations=[FieldViolation("update_mask", f"'{field}' cannot be updated")],
        )


class PermissionUnknown(InvalidArgument):
    domain = DOMAIN
    reason = "PERMISSION_UNKNOWN"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"No permission '{permission}' can be given in a tenant.",
            metadata={"permission": permission},
        )


class PermissionNotGrantable(PermissionDenied):
    domain = DOMAIN
    reason = "PERMISSION_NOT_GRANTABLE"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"You lack the permission '{permission}' and cannot give it.",
            metadata={"permission": permission},
        )


class ApiKeyNotFound(NotFound):
    domain = DOMAIN
    reason = "API_KEY_NOT_FOUND"

    def __init__(self, api_key_id: str) -> None:
        super().__init__("There is no such API key.", metadata={"api_key_id": api_key_id})


class ApiKeyLifeRefused(InvalidRequest):
    """Breaks a rule that counts from now, which the field rules of the contract cannot say."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            "The API key cannot be made.", violations=(FieldViolation("expire_time", problem),)
        )


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
