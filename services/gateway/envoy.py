"""Envoy's whole bootstrap configuration, rendered from the contract and the settings."""

from services.gateway.clusters import clusters
from services.gateway.config import Config, socket_address, typed
from services.gateway.contract import Contract
from services.gateway.listeners import listeners
from services.gateway.settings import GatewaySettings
from services.gateway.stats import stats_config

LOOPBACK = "127.0.0.1"


def bootstrap(contract: Contract, settings: GatewaySettings) -> Config:
    return {
        "node": {"id": "gateway", "cluster": "helpdesk"},
        "admin": {"address": socket_address(LOOPBACK, settings.admin_port)},
        "static_resources": {
            "listeners": listeners(contract, settings),
            "clusters": clusters(contract, settings),
        },
        "stats_config": stats_config(),
        "overload_manager": _overload_manager(),
        **_log_format(settings),
    }


def _overload_manager() -> Config:
    return {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": typed(
                    "extensions.resource_monitors.downstream_connections.v3"
                    ".DownstreamConnectionsConfig",
                    max_active_downstream_connections=10_000,
                ),
            }
        ]
    }


def _log_format(settings: GatewaySettings) -> Config:
    if settings.log_format == "text":
        return {}
    line = {"timestamp": "%Y-%m-%dT%T.%fZ", "level": "%l", "logger": "%n", "event": "%j"}
    return {
        "application_log_config": {"log_format": {"json_format": {**line, "service": "gateway"}}}
    }
