"""A provider's own description, from its discovery document."""

from dataclasses import dataclass

from services.auth.openid.key_set import ALGORITHMS
from services.auth.openid.strict_json import JsonRefused, json_object

PATH = "/.well-known/openid-configuration"
LONGEST = 64 * 1024


class MetadataRefused(ValueError):
    """Says in plain words what is wrong."""


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    secret_in_header: bool
    sends_issuer: bool


def metadata_from(content: bytes, issuer: str) -> ProviderMetadata:
    """Raises MetadataRefused."""
    try:
        document = json_object(content)
    except JsonRefused as error:
        raise MetadataRefused(f"its configuration {error}") from error
    named = document.get("issuer")
    if named != issuer:
        # OpenID Connect Discovery, section 4.3: letter by letter, or anybody could speak for it.
        raise MetadataRefused(f"its configuration names another issuer: {str(named)[:200]!r}")
    algorithms = document.get("id_token_signing_alg_values_supported", ["RS256"])
    if not isinstance(algorithms, list) or not ALGORITHMS & set(map(str, algorithms)):
        raise MetadataRefused("it signs with no algorithm that is accepted here")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=_text(document, "authorization_endpoint"),
        token_endpoint=_text(document, "token_endpoint"),
        jwks_uri=_text(document, "jwks_uri"),
        userinfo_endpoint=_text(document, "userinfo_endpoint", default=""),
        secret_in_header=not isinstance(methods, list) or "client_secret_basic" in methods,
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _text(document: dict[str, object], name: str, default: str | None = None) -> str:
    value = document.get(name, default)
    if not isinstance(value, str):
        raise MetadataRefused(f"its configuration lacks {name}")
    return value
