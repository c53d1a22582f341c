"""Identity providers: messages to domain values and back."""

from collections.abc import Sequence
from dataclasses import replace

from helpdesk.auth.v1 import identity_provider_pb2, identity_provider_service_pb2
from services.auth.convert import timestamp
from services.auth.errors.identity_providers import IdentityProviderFieldFixed
from services.auth.federation import (
    DEFAULT_SCOPES,
    IdentityProvider,
    IdentityProviderId,
    RoleRule,
)
from services.auth.federation_ports import Diagnosis
from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.ids import new_id

_ENABLED = identity_provider_pb2.IDENTITY_PROVIDER_STATE_ENABLED
_DISABLED = identity_provider_pb2.IDENTITY_PROVIDER_STATE_DISABLED

UPDATABLE_FIELDS = frozenset(
    {
        "display_name",
        "client_id",
        "client_secret",
        "scopes",
        "role_rules",
        "default_roles",
        "email_domains",
        "creates_users",
        "links_users_by_email",
        "exchanges_tokens",
        "state",
    }
)
# Output only, so a client may send back whole what it read (AIP-203); the etag is a condition.
_IGNORED_FIELDS = frozenset(
    {
        "identity_provider_id",
        "has_client_secret",
        "redirect_uri",
        "create_time",
        "update_time",
        "etag",
    }
)


def new_identity_provider(
    tenant_id: TenantId, message: identity_provider_pb2.IdentityProvider, clock: Clock
) -> IdentityProvider:
    now = clock()
    return IdentityProvider(
        tenant_id=tenant_id,
        identity_provider_id=IdentityProviderId(new_id()),
        display_name=message.display_name.strip(),
        issuer=message.issuer,
        client_id=message.client_id,
        has_client_secret=bool(message.client_secret),
        scopes=_scopes(message),
        role_rules=_role_rules(message),
        default_roles=tuple(message.default_roles),
        email_domains=tuple(message.email_domains),
        creates_users=message.creates_users,
        links_users_by_email=message.links_users_by_email,
        exchanges_tokens=message.exchanges_tokens,
        is_enabled=message.state != _DISABLED,
        create_time=now,
        update_time=now,
    )


def fields_to_update(
    paths: Sequence[str], message: identity_provider_pb2.IdentityProvider
) -> frozenset[str]:
    """Raises IdentityProviderFieldFixed for a path that names nothing that could change."""
    if not paths:
        return frozenset(field.name for field, _ in message.ListFields()) & UPDATABLE_FIELDS
    if "*" in paths:
        return UPDATABLE_FIELDS
    for path in paths:
        if path not in UPDATABLE_FIELDS | _IGNORED_FIELDS:
            raise IdentityProviderFieldFixed(path)
    return UPDATABLE_FIELDS.intersection(paths)


def changed_identity_provider(
    before: IdentityProvider,
    message: identity_provider_pb2.IdentityProvider,
    fields: frozenset[str],
) -> IdentityProvider:
    wished = new_identity_provider(before.tenant_id, message, lambda: before.create_time)
    changing = {"is_enabled" if name == "state" else name for name in fields - {"client_secret"}}
    return replace(before, **{name: getattr(wished, name) for name in changing})


def identity_provider_message(
    provider: IdentityProvider, redirect_uri: str
) -> identity_provider_pb2.IdentityProvider:
    """Without the secret, which no message brings out again."""
    return identity_provider_pb2.IdentityProvider(
        identity_provider_id=provider.identity_provider_id,
        display_name=provider.display_name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        has_client_secret=provider.has_client_secret,
        scopes=provider.scopes,
        role_rules=[
            identity_provider_pb2.RoleRule(claim=rule.claim, value=rule.value, role=rule.role)
            for rule in provider.role_rules
        ],
        default_roles=provider.default_roles,
        email_domains=provider.email_domains,
        creates_users=provider.creates_users,
        links_users_by_email=provider.links_users_by_email,
        exchanges_tokens=provider.exchanges_tokens,
        state=_ENABLED if provider.is_enabled else _DISABLED,
        redirect_uri=redirect_uri,
        create_time=timestamp(provider.create_time),
        update_time=timestamp(provider.update_time),
        etag=provider.etag,
    )


def diagnosis_message(
    diagnosis: Diagnosis,
) -> identity_provider_service_pb2.TestIdentityProviderResponse:
    return identity_provider_service_pb2.TestIdentityProviderResponse(
        problems=diagnosis.problems,
        authorization_endpoint=diagnosis.authorization_endpoint,
        key_algorithms=diagnosis.key_algorithms,
    )


def _scopes(message: identity_provider_pb2.IdentityProvider) -> tuple[str, ...]:
    return tuple(message.scopes) or DEFAULT_SCOPES


def _role_rules(message: identity_provider_pb2.IdentityProvider) -> tuple[RoleRule, ...]:
    return tuple(RoleRule(rule.claim, rule.value, rule.role) for rule in message.role_rules)
