"""Identity providers of a tenant, whom they may vouch for, and what that makes of a user here.

Standard library only, as `domain`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from services.auth.domain import Role, normal_email
from services.mesh.caller import TenantId, UserId

IdentityProviderId = NewType("IdentityProviderId", str)

LOGIN_LIFE = timedelta(minutes=10)
# Whoever leaves the company loses the account at the provider, and roles change there as well;
# this is how soon it shows here, for nobody renews a session beyond it.
EXTERNAL_SESSION_LIFE = timedelta(hours=12)

_LONGEST_NAME = 100
# Narrower than what mail can carry: what is not plain must not be mistaken for what is.
_ADDRESS = re.compile(r"(?=.{3,254}\Z)[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+")

DEFAULT_SCOPES = ("openid", "email", "profile")


@dataclass(frozen=True, slots=True)
class RoleRule:
    claim: str
    value: str
    role: str


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An OpenID provider and how far a tenant believes it; its client's secret is kept apart."""

    tenant_id: TenantId
    identity_provider_id: IdentityProviderId
    display_name: str
    issuer: str
    client_id: str
    has_client_secret: bool
    scopes: tuple[str, ...]
    role_rules: tuple[RoleRule, ...]
    default_roles: tuple[str, ...]
    email_domains: tuple[str, ...]
    creates_users: bool
    links_users_by_email: bool
    exchanges_tokens: bool
    is_enabled: bool
    create_time: datetime
    update_time: datetime
    revision: int = 1

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'

    @property
    def secret_purpose(self) -> str:
        """What the client's secret is sealed for."""
        return f"identity provider {self.identity_provider_id}"

    @property
    def roles(self) -> frozenset[str]:
        """All that it could give to somebody."""
        return frozenset(self.default_roles) | {rule.role for rule in self.role_rules}


@dataclass(frozen=True, slots=True)
class ExternalUser:
    """What a provider says of somebody, after its token was checked."""

    issuer: str
    subject: str
    claims: Mapping[str, object]

    @property
    def email(self) -> str | None:
        """The address, if the provider has verified it. A text that says "true" is no proof."""
        email = self.claims.get("email")
        if self.claims.get("email_verified") is not True or not isinstance(email, str):
            return None
        address = normal_email(email)
        return address if _ADDRESS.fullmatch(address) else None

    @property
    def display_name(self) -> str:
        names = (self.claims.get(claim) for claim in ("name", "preferred_username"))
        texts = (_printable(name) for name in names if isinstance(name, str))
        return next((text for text in texts if text), "")


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """Ties a subject of an issuer to a user, with the roles that the last login gave."""

    tenant_id: TenantId
    issuer: str
    subject: str
    user_id: UserId
    roles: tuple[str, ...]
    create_time: datetime
    login_time: datetime


@dataclass(frozen=True, slots=True)
class FederatedLogin:
    """A login on its way through a provider; of what the browser holds only digests are known."""

    tenant_id: TenantId
    state_digest: str
    browser_digest: str
    identity_provider_id: IdentityProviderId
    sealed_secrets: str
    create_time: datetime
    expire_time: datetime


class AddressVerdict(StrEnum):
    """What a verified address is good for."""

    NOTHING = "nothing"
    NEW_USER = "new user"
    LINK_TOO = "link too"


def address_verdict(provider: IdentityProvider, email: str | None) -> AddressVerdict:
    if email is None:
        return AddressVerdict.NOTHING
    is_listed = email.partition("@")[2] in provider.email_domains
    # To link without a list of domains would let the provider name any user of the tenant.
    if is_listed and provider.links_users_by_email:
        return AddressVerdict.LINK_TOO
    return (
        AddressVerdict.NEW_USER
        if is_listed or not provider.email_domains
        else AddressVerdict.NOTHING
    )


def mapped_roles(
    provider: IdentityProvider, claims: Mapping[str, object], known: Iterable[Role]
) -> frozenset[str]:
    """The roles that the claims give, of those that the tenant still has."""
    given = {rule.role for rule in provider.role_rules if _holds(rule, claims)}
    return frozenset(given | set(provider.default_roles)) & {role.name for role in known}


def roles_after_login(
    held: Collection[str],
    provider: IdentityProvider,
    before: Collection[str],
    mapped: frozenset[str],
) -> tuple[str, ...]:
    """What an admin gave by hand stays; what the provider governs is as it says today."""
    by_hand = set(held) - provider.roles - set(before)
    return tuple(sorted(by_hand | mapped))


def _holds(rule: RoleRule, claims: Mapping[str, object]) -> bool:
    value = claim_value(claims, rule.claim)
    return rule.value == value or (isinstance(value, list) and rule.value in value)


def _printable(name: str) -> str:
    return "".join(sign for sign in name if sign.isprintable()).strip()[:_LONGEST_NAME]


def claim_value(claims: Mapping[str, object], name: str) -> object:
    """The claim of this name; else `a.b` is `b` inside of `a`."""
    if name in claims:
        return claims[name]
    head, _, rest = name.partition(".")
    inner = claims.get(head)
    return claim_value(inner, rest) if rest and isinstance(inner, dict) else None
