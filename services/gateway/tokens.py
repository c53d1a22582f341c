"""Which calls need an access token, and what a good one looks like. The services check it again."""

from services.gateway.clusters import SIGNING_KEYS
from services.gateway.config import Config, typed
from services.gateway.contract import Contract
from services.gateway.matches import BRIDGE_MATCHES, PAGE_MATCHES, SIGNING_KEYS_PATH, path_match
from services.gateway.settings import GatewaySettings

_PROVIDER = "helpdesk"
_AUDIENCE = "helpdesk"


def token_check(contract: Contract, settings: GatewaySettings) -> Config:
    return typed(
        "extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={_PROVIDER: _provider(settings)},
        # The first match counts, and whatever is not named here needs a token.
        rules=[
            *({"match": match} for match in public_matches(contract)),
            {"match": {"prefix": "/"}, "requires": {"provider_name": _PROVIDER}},
        ],
    )


def public_matches(contract: Contract) -> list[Config]:
    """The calls that the contract lets anyone make, as gRPC and as REST, and the bridge's pages."""
    public = [method for method in contract.exposed if method.is_public]
    return [
        *BRIDGE_MATCHES,
        *PAGE_MATCHES,
        *({"path": method.path} for method in public),
        *(path_match(binding.path) for method in public for binding in method.bindings),
    ]


def _provider(settings: GatewaySettings) -> Config:
    return {
        "issuer": settings.issuer,
        "audiences": [_AUDIENCE],
        "require_expiration": True,
        # As much as the services allow; that a token has ended, they take exactly.
        "clock_skew_seconds": 30,
        "forward": True,
        # Named, because by default a token in the query would do, and queries end up in logs.
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "payload_in_metadata": "claims",
        "remote_jwks": {
            "http_uri": {
                "uri": f"http://127.0.0.1:{settings.http_port}{SIGNING_KEYS_PATH}",
                "cluster": SIGNING_KEYS,
                "timeout": "2s",
            },
            "cache_duration": {"seconds": settings.signing_keys_age_seconds},
            # In the background, so that the keys at hand stay good while auth is away; and without
            # holding up the listeners, since the keys come through one of them.
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": "0.5s"},
        },
    }
