"""The programs that may ask for tokens, and where their answers may go."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from services.auth.domain import User, UserState
from services.mesh.caller import TenantId

LOOPBACK_HOSTS = ("127.0.0.1", "[::1]")


class GrantType(StrEnum):
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant
    CLIENT_CREDENTIALS = "client_credentials"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client of one tenant or, without a tenant, one of the product's own; public without a hash.

    A public client's identity is only its word.
    """

    client_id: str
    tenant_id: TenantId | None
    display_name: str
    redirect_uris: tuple[str, ...]
    logout_redirect_uris: tuple[str, ...]
    grants: frozenset[GrantType]
    secret_hash: str = ""
    needs_consent: bool = True

    @property
    def is_public(self) -> bool:
        return not self.secret_hash

    def returns_to(self, uri: str) -> bool:
        return any(is_same_place(registered, uri) for registered in self.redirect_uris)

    def must_always_ask(self, redirect_uri: str) -> bool:
        """Any program of the user's machine can pose as a client that answers reach there.

        RFC 8252, section 8.6.
        """
        return self.needs_consent and self.is_public and not redirect_uri.startswith("https://")


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What a tenant's client may do beyond logging in by itself."""

    is_public: bool = False
    redirect_uris: tuple[str, ...] = ()
    logout_redirect_uris: tuple[str, ...] = ()
    delete_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class TenantClient:
    """A client as its tenant's admins see it."""

    user: User
    settings: ClientSettings


def oauth_client_of(client: TenantClient, secret_hash: str) -> OAuthClient | None:
    """What it may do now; nothing for one that is disabled or deleted."""
    settings = client.settings
    if client.user.state is not UserState.ACTIVE or settings.delete_time is not None:
        return None
    grants = set() if settings.is_public else {GrantType.CLIENT_CREDENTIALS}
    if settings.redirect_uris:
        grants |= {GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}
    return OAuthClient(
        client_id=client.user.user_id,
        tenant_id=client.user.tenant_id,
        display_name=client.user.display_name,
        redirect_uris=settings.redirect_uris,
        logout_redirect_uris=settings.logout_redirect_uris,
        grants=frozenset(grants),
        secret_hash="" if settings.is_public else secret_hash,
    )


def command_line_client() -> OAuthClient:
    return OAuthClient(
        client_id="helpdesk-cli",
        tenant_id=None,
        display_name="Helpdesk command line",
        redirect_uris=tuple(f"http://{host}/callback" for host in LOOPBACK_HOSTS),
        logout_redirect_uris=(),
        grants=frozenset(
            {GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE}
        ),
    )


def web_client(
    redirect_uris: tuple[str, ...], logout_redirect_uris: tuple[str, ...]
) -> OAuthClient:
    return OAuthClient(
        client_id="helpdesk-web",
        tenant_id=None,
        display_name="Helpdesk",
        redirect_uris=redirect_uris,
        logout_redirect_uris=logout_redirect_uris,
        grants=frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}),
        needs_consent=False,
    )


def is_same_place(registered: str, uri: str) -> bool:
    """Letter by letter (RFC 9700, section 2.1), but for the port of a registered loopback address.

    A program takes whichever port is free (RFC 8252, section 7.3).
    """
    if registered == uri:
        return True
    for host in LOOPBACK_HOSTS:
        start = f"http://{host}"
        if registered.startswith(f"{start}/"):
            path = registered.removeprefix(start)
            return (
                re.fullmatch(rf"{re.escape(start)}:[0-9]{{1,5}}{re.escape(path)}", uri) is not None
            )
    return False


def redirect_uri_fault(uri: str) -> str | None:
    """Says what is wrong with an address that a client wants to register, or None."""
    if not uri.isascii() or not uri.isprintable() or any(sign in uri for sign in ' "<>\\^`{|}*'):
        return "holds signs that an address may not hold"
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is not an address"
    if "#" in uri:
        return "has a fragment"
    if parts.scheme in ("http", "https"):
        return _web_address_fault(parts.scheme, host, parts.netloc)
    # RFC 8252, section 7.1: a reversed domain name, which javascript: and data: are not.
    is_named = "." in parts.scheme
    return None if is_named else "needs https, or a scheme of the form com.example.app"


def _web_address_fault(scheme: str, host: str, place: str) -> str | None:
    if not host or "@" in place:
        return "needs a host, and no user in front of it"
    if scheme == "http" and host not in ("127.0.0.1", "::1", "localhost"):
        return "needs https; plain http is for this machine only"
    return None


def origin_of(uri: str) -> str:
    """What a content security policy calls the place: `https://app.example:8443`, or `scheme:`."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
