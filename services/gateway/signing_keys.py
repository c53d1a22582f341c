"""How the token check gets auth's signing keys: by a listener that only the gateway itself can reach.

The public way to the same keys has a limit on calls. Whoever used that up would otherwise keep the
gateway from checking anybody's token.
"""

from services.gateway.clusters import SIGNING_KEYS
from services.gateway.config import Config, typed
from services.gateway.contract import Contract
from services.gateway.filters import connection_manager, router, transcoder
from services.gateway.routes import rpc_route

SIGNING_KEYS_PATH = "/.well-known/jwks.json"


def signing_keys_listener(contract: Contract) -> Config:
    (method,) = (
        method
        for method in contract.exposed
        if any(binding.path == SIGNING_KEYS_PATH for binding in method.bindings)
    )
    rest = {"match": {"path": SIGNING_KEYS_PATH}, "route": {"cluster": method.area}}
    rpc = {**rpc_route(method), "match": {"path": method.path}}
    host = {"name": SIGNING_KEYS, "domains": ["*"], "routes": [rest, rpc]}
    return {
        "name": SIGNING_KEYS,
        "internal_listener": {},
        "filter_chains": [
            {
                "filters": [
                    connection_manager(
                        stat_prefix=SIGNING_KEYS,
                        route_config={"name": SIGNING_KEYS, "virtual_hosts": [host]},
                        http_filters=[transcoder(contract), router()],
                    )
                ]
            }
        ],
    }


def internal_listeners() -> Config:
    """What has to be switched on for such a listener."""
    return {
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": typed("extensions.bootstrap.internal_listener.v3.InternalListener"),
    }
