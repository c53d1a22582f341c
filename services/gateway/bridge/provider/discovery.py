"""The provider's description of itself (OpenID Connect Discovery 1.0, RFC 8414)."""

from collections.abc import Mapping

AUTHORIZE = "/oauth/authorize"
LOGIN = "/oauth/login"
CONSENT = "/oauth/consent"
DEVICE = "/oauth/device"
LOGOUT = "/oauth/logout"
EXTERNAL = "/oauth/external"
EXTERNAL_START = "/oauth/external/start"
EXTERNAL_CALLBACK = "/oauth/external/{provider_id}/callback"
TOKEN = "/oauth/token"  # noqa: S105 - a path
REVOKE = "/oauth/revoke"
USERINFO = "/oauth/userinfo"
DEVICE_AUTHORIZATION = "/oauth/device_authorization"
CONFIGURATION = "/.well-known/openid-configuration"
SIGNING_KEYS = "/.well-known/jwks.json"

_CLIENT_PROOFS = ["client_secret_basic", "client_secret_post", "none"]


def configuration(issuer: str) -> Mapping[str, object]:
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZE,
        "token_endpoint": issuer + TOKEN,
        "userinfo_endpoint": issuer + USERINFO,
        "jwks_uri": issuer + SIGNING_KEYS,
        "revocation_endpoint": issuer + REVOKE,
        "device_authorization_endpoint": issuer + DEVICE_AUTHORIZATION,
        "end_session_endpoint": issuer + LOGOUT,
        "scopes_supported": ["openid", "profile", "email", "offline_access", "helpdesk"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": _CLIENT_PROOFS,
        "revocation_endpoint_auth_methods_supported": _CLIENT_PROOFS,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "at_hash",
            "sid",
            "name",
            "tenant",
            "email",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["en"],
    }
