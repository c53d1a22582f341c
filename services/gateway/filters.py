"""The chain that every call from outside passes, in order."""

from services.gateway.config import Config, typed
from services.gateway.contract import Contract
from services.gateway.filter_names import (
    ADDRESS_LIMIT,
    ANSWER_HEADERS,
    BODY_CAP,
    CORS,
    REQUEST_CHECK,
    TENANT_LIMIT,
    TRANSCODER,
)
from services.gateway.rate_limits import address_limit, tenant_limit
from services.gateway.request_check import request_check
from services.gateway.settings import GatewaySettings
from services.gateway.tokens import token_check

_FILTERS = "extensions.filters.http"
_MANAGER = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def http_filters(contract: Contract, settings: GatewaySettings) -> list[Config]:
    return [
        _filter(ANSWER_HEADERS, _answer_headers()),
        _filter("envoy.filters.http.health_check.alive", _health("/healthz")),
        _filter("envoy.filters.http.health_check.ready", _health("/readyz", *contract.areas)),
        _filter(CORS, typed(f"{_FILTERS}.cors.v3.Cors")),
        _filter("envoy.filters.http.grpc_web", typed(f"{_FILTERS}.grpc_web.v3.GrpcWeb")),
        _filter("envoy.filters.http.jwt_authn", token_check(contract, settings)),
        # Behind the token check, which says the tenant; before anything that costs memory.
        _filter(TENANT_LIMIT, tenant_limit(settings)),
        _filter(ADDRESS_LIMIT, address_limit(settings), disabled=True),
        _filter(BODY_CAP, _body_cap(settings)),
        _filter(REQUEST_CHECK, request_check(contract), disabled=True),
        transcoder(contract),
        _filter("envoy.filters.http.grpc_stats", _grpc_stats()),
        router(),
    ]


def _filter(name: str, configuration: Config, *, disabled: bool = False) -> Config:
    """A disabled filter works only on the routes that turn it on."""
    return {"name": name, "typed_config": configuration, "disabled": disabled}


def _answer_headers() -> Config:
    nosniff = {"header": {"key": "x-content-type-options", "value": "nosniff"}}
    return typed(
        f"{_FILTERS}.header_mutation.v3.HeaderMutation",
        mutations={
            "response_mutations": [
                {"append": {**nosniff, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}},
                {"remove": "x-envoy-upstream-healthchecked-cluster"},
            ]
        },
    )


def _health(path: str, *clusters: str) -> Config:
    """Answers without a token. With clusters: 503 until each of them has a healthy endpoint."""
    return typed(
        f"{_FILTERS}.health_check.v3.HealthCheck",
        pass_through_mode=False,
        headers=[{"name": ":path", "string_match": {"exact": path}}],
        cluster_min_healthy_percentages={cluster: {"value": 1} for cluster in clusters},
    )


def _body_cap(settings: GatewaySettings) -> Config:
    """An exact cap; the transcoder's own bounds a buffer and lets somewhat larger bodies by."""
    return typed(f"{_FILTERS}.buffer.v3.Buffer", max_request_bytes=settings.max_body_bytes)


def transcoder(contract: Contract) -> Config:
    configuration = typed(
        f"{_FILTERS}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        proto_descriptor=str(contract.descriptor_set),
        services=list(contract.services),
        convert_grpc_status=True,
        # Without it `GET /v1/tickets/1:typo` asks for the ticket `1:typo`.
        match_unregistered_custom_verb=True,
        request_validation_options={
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            # Without it an id in the body overrides the one in the URL.
            "reject_binding_body_field_collisions": True,
        },
        print_options={
            # Zeros, false and empty lists are spelled out: readers need no table of defaults.
            "always_print_primitive_fields": True,
            "stream_sse_style_delimited": True,
        },
        # Above the largest of the caps that routes have of their own.
        max_request_body_size=16 * 1024 * 1024,
        max_response_body_size=16 * 1024 * 1024,
    )
    return _filter(TRANSCODER, configuration)


def _grpc_stats() -> Config:
    return typed(
        f"{_FILTERS}.grpc_stats.v3.FilterConfig",
        stats_for_all_methods=True,
        emit_filter_state=True,
    )


def router() -> Config:
    configuration = typed(f"{_FILTERS}.router.v3.Router", suppress_envoy_headers=True)
    return _filter("envoy.filters.http.router", configuration)


def connection_manager(**fields: object) -> Config:
    """The network filter that the HTTP filters live in."""
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": typed(_MANAGER, **fields),
    }
