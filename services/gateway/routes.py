"""Which call goes where, how long it may take, and what REST adds to it on the way.

A REST call passes two routes: that of its own path while the filters look at it and, once the
transcoder has made a gRPC call of it, that of the RPC.
"""

from collections.abc import Iterator
from datetime import timedelta

from services.gateway.clusters import BRIDGE
from services.gateway.config import Config, seconds, typed
from services.gateway.contract import Binding, Contract, Method
from services.gateway.filter_names import (
    ADDRESS_LIMIT,
    ANSWER_HEADERS,
    BODY_CAP,
    CORS,
    REQUEST_CHECK,
    TENANT_LIMIT,
    TRANSCODER,
)
from services.gateway.matches import (
    BRIDGE_MATCHES,
    PAGE_MATCHES,
    SIGNING_KEYS_PATH,
    binding_match,
)
from services.gateway.request_check import request_check_of
from services.gateway.settings import GatewaySettings

_BESIDE_FILE = 64 * 1024
_STREAM_SILENCE = timedelta(seconds=60)
_FILTERS = "extensions.filters.http"
_FILTER_CONFIG = "config.route.v3.FilterConfig"

# Answers 404 as a direct response would, but with a direct response CORS does not work.
_NOWHERE: Config = {"cluster": "nowhere", "cluster_not_found_response_code": "NOT_FOUND"}


# What gRPC servers can read. What they cannot fails other calls of the same connection, too.
_READABLE = {"grpc-timeout": "[0-9]{1,8}[HMSmun]", "grpc-encoding": "identity|deflate|gzip"}
# A call without a token has no tenant to be counted for.
_LIMIT_BY_ADDRESS: Config = {
    TENANT_LIMIT: typed(_FILTER_CONFIG, disabled=True),
    ADDRESS_LIMIT: typed(_FILTER_CONFIG, config={}),
}
_NO_CORS: Config = {CORS: typed(_FILTER_CONFIG, disabled=True)}


def route_configuration(contract: Contract, settings: GatewaySettings, *, is_local: bool) -> Config:
    return {
        "name": "edge",
        "validate_clusters": False,
        "virtual_hosts": [
            {
                "name": "edge",
                "domains": ["*"],
                # Room for a whole body while the token check waits for keys. With the 1 MiB of
                # Envoy's default, a larger one that has to wait never arrives.
                "request_body_buffer_limit": 2 * settings.max_body_bytes,
                "typed_per_filter_config": _cors(settings),
                "routes": [
                    *(_refusal(*header) for header in _READABLE.items()),
                    *(_bridge_route(match, {}) for match in BRIDGE_MATCHES),
                    *(_bridge_route(match, _NO_CORS) for match in PAGE_MATCHES),
                    *rest_routes(contract, settings, is_local=is_local),
                    *rpc_routes(contract, settings),
                    {"name": "nowhere", "match": {"prefix": "/"}, "route": _NOWHERE},
                ],
            }
        ],
    }


def rest_routes(
    contract: Contract, settings: GatewaySettings, *, is_local: bool
) -> Iterator[Config]:
    for method in contract.exposed:
        for binding in method.bindings:
            is_unlimited = is_local and _is_for_the_gateway(binding)
            yield {
                "match": binding_match(binding),
                "route": _NOWHERE,
                **_room_for_file(method, settings),
                "typed_per_filter_config": {
                    **_cap_for_file(method, settings),
                    **({} if is_unlimited else _public_filters(method)),
                    ANSWER_HEADERS: _without_grpc_headers(),
                    REQUEST_CHECK: request_check_of(binding),
                },
            }


def _is_for_the_gateway(binding: Binding) -> bool:
    """Whoever used up a limit on this could keep the gateway from checking anybody's token."""
    return binding.path == SIGNING_KEYS_PATH


def rpc_routes(contract: Contract, settings: GatewaySettings) -> Iterator[Config]:
    for method in contract.exposed:
        yield {
            **_rpc_route(method),
            "match": {"path": method.path},
            **_room_for_file(method, settings),
            "typed_per_filter_config": {
                **_cap_for_file(method, settings),
                **_public_filters(method),
            },
        }


def _rpc_route(method: Method) -> Config:
    deadline = {
        "header": {"key": "grpc-timeout", "value": _grpc_timeout(method.default_timeout)},
        "append_action": "ADD_IF_ABSENT",
    }
    return {
        "request_headers_to_add": [deadline],
        "route": {"cluster": method.area, **_times(method)},
    }


def _times(method: Method) -> Config:
    return _stream(method) if method.streams or method.takes_stream else _call(method)


def _call(method: Method) -> Config:
    return {
        "timeout": seconds(method.default_timeout),
        "max_stream_duration": {"grpc_timeout_header_max": seconds(method.max_timeout)},
        # Only what the service cannot have seen; the rest is for the client to repeat.
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": 2,
            "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        },
    }


def _stream(method: Method) -> Config:
    """Bounded by its deadline alone, and by how long nothing may be said."""
    return {
        "timeout": "0s",
        "idle_timeout": seconds(_STREAM_SILENCE),
        "max_stream_duration": {"grpc_timeout_header_max": seconds(method.max_timeout)},
    }


def _refusal(header: str, readable: str) -> Config:
    matcher = {"name": header, "string_match": {"safe_regex": {"regex": readable}}}
    return {
        "match": {"prefix": "/", "headers": [{**matcher, "invert_match": True}]},
        "direct_response": {
            "status": 400,
            "body": {"inline_string": f"The header {header} is malformed."},
        },
    }


def _bridge_route(match: Config, filters: Config) -> Config:
    return {
        "match": match,
        "route": {"cluster": BRIDGE, "timeout": "10s"},
        "typed_per_filter_config": {
            TRANSCODER: typed(_FILTER_CONFIG, disabled=True),
            **_LIMIT_BY_ADDRESS,
            **filters,
        },
    }


def _public_filters(method: Method) -> Config:
    return dict(_LIMIT_BY_ADDRESS) if method.is_public else {}


def _cap_for_file(method: Method, settings: GatewaySettings) -> Config:
    if method.takes_stream:
        # It is passed on piece by piece and never held; the service says how much is too much.
        return {BODY_CAP: typed(f"{_FILTERS}.buffer.v3.BufferPerRoute", disabled=True)}
    if not method.file_bytes:
        return {}
    cap = {"max_request_bytes": _file_body_bytes(method, settings)}
    return {BODY_CAP: typed(f"{_FILTERS}.buffer.v3.BufferPerRoute", buffer=cap)}


def _room_for_file(method: Method, settings: GatewaySettings) -> Config:
    if not method.file_bytes:
        return {}
    return {"request_body_buffer_limit": 2 * _file_body_bytes(method, settings)}


def _file_body_bytes(method: Method, settings: GatewaySettings) -> int:
    """JSON spells three bytes in four letters."""
    return max(method.file_bytes * 4 // 3 + _BESIDE_FILE, settings.max_body_bytes)


def _without_grpc_headers() -> Config:
    """REST answers say in their status and body what gRPC says in these."""
    names = ("grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-accept-encoding")
    return typed(
        f"{_FILTERS}.header_mutation.v3.HeaderMutationPerRoute",
        mutations={"response_mutations": [{"remove": name} for name in names]},
    )


def _cors(settings: GatewaySettings) -> Config:
    if not settings.cors_origins:
        return {}
    policy = typed(
        f"{_FILTERS}.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"exact": origin} for origin in settings.cors_origins],
        allow_methods="GET,POST,PATCH,DELETE",
        allow_headers="authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent",
        expose_headers=(
            "grpc-status,grpc-message,grpc-status-details-bin,x-request-id,retry-after,"
            "x-ratelimit-limit,x-ratelimit-remaining,x-ratelimit-reset"
        ),
        max_age="600",
    )
    return {CORS: policy}


def _grpc_timeout(duration: timedelta) -> str:
    return f"{duration // timedelta(milliseconds=1)}m"
