"""Where clients reach the gateway: in plain text on loopback, over TLS everywhere else."""

from services.gateway.access_log import access_log
from services.gateway.certificates import downstream_tls
from services.gateway.clusters import TELEMETRY
from services.gateway.config import Config, socket_address, typed
from services.gateway.contract import GATEWAY, Contract
from services.gateway.filters import connection_manager, http_filters
from services.gateway.header_hygiene import header_hygiene
from services.gateway.local_replies import local_replies
from services.gateway.routes import route_configuration
from services.gateway.settings import GatewaySettings

LOOPBACK = "127.0.0.1"


def listeners(contract: Contract, settings: GatewaySettings) -> list[Config]:
    return [
        {
            "name": "plain",
            # Tokens travel in clear text here, so HELPDESK_HOST does not apply.
            "address": socket_address(LOOPBACK, settings.http_port),
            "filter_chains": [{"filters": [_edge(contract, settings, is_local=True)]}],
        },
        {
            "name": "tls",
            "address": socket_address(settings.host, settings.https_port),
            "listener_filters": [_tls_inspector()],
            "filter_chains": [
                {
                    "filters": [_edge(contract, settings, is_local=False)],
                    "transport_socket": downstream_tls(settings),
                }
            ],
        },
    ]


def _edge(contract: Contract, settings: GatewaySettings, *, is_local: bool) -> Config:
    return connection_manager(
        stat_prefix="edge",
        server_name="helpdesk",
        route_config=route_configuration(contract, settings, is_local=is_local),
        http_filters=http_filters(contract, settings),
        local_reply_config=local_replies(),
        access_log=access_log(settings),
        **header_hygiene(),
        **_limits(),
        **_tracing(settings),
    )


def _limits() -> Config:
    return {
        "request_headers_timeout": "5s",
        "request_timeout": "30s",
        "stream_idle_timeout": "30s",
        "max_request_headers_kb": 12,  # gRPC servers take 16, and the gateway adds some of its own
        "common_http_protocol_options": {
            "idle_timeout": "300s",
            "max_headers_count": 100,
            # `x_user` and `x-user` are one header to many servers.
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 1024 * 1024,
            "initial_connection_window_size": 4 * 1024 * 1024,
        },
    }


def _tracing(settings: GatewaySettings) -> Config:
    if not settings.otlp_endpoint:
        return {}
    provider = typed(
        "config.trace.v3.OpenTelemetryConfig",
        grpc_service={"envoy_grpc": {"cluster_name": TELEMETRY}, "timeout": "1s"},
        service_name=GATEWAY,
    )
    return {
        "tracing": {
            "spawn_upstream_span": True,
            "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": provider},
        }
    }


def _tls_inspector() -> Config:
    return {
        "name": "envoy.filters.listener.tls_inspector",
        "typed_config": typed("extensions.filters.listener.tls_inspector.v3.TlsInspector"),
    }
