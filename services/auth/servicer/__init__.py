"""The RPCs of auth: message in, one use case, message out."""

from services.auth.servicer.account import AccountServicer
from services.auth.servicer.api_key import ApiKeyServicer
from services.auth.servicer.authorization import AuthorizationServicer
from services.auth.servicer.client import ClientServicer
from services.auth.servicer.federated_login import FederatedLoginServicer
from services.auth.servicer.identity_provider import IdentityProviderServicer
from services.auth.servicer.policy import PolicyServicer
from services.auth.servicer.purge import PurgeServicer
from services.auth.servicer.role import RoleServicer
from services.auth.servicer.signing_key import SigningKeyServicer
from services.auth.servicer.tenant import TenantServicer
from services.auth.servicer.token import TokenServicer
from services.auth.servicer.totp import TotpServicer
from services.auth.servicer.user import UserServicer

__all__ = [
    "AccountServicer",
    "ApiKeyServicer",
    "AuthorizationServicer",
    "ClientServicer",
    "FederatedLoginServicer",
    "IdentityProviderServicer",
    "PolicyServicer",
    "PurgeServicer",
    "RoleServicer",
    "SigningKeyServicer",
    "TenantServicer",
    "TokenServicer",
    "TotpServicer",
    "UserServicer",
]
