"""Where the gateway sends calls to: the services and the bridge, over mutual TLS only."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from services.gateway.certificates import upstream_tls
from services.gateway.config import Config, socket_address, typed
from services.gateway.contract import Contract
from services.gateway.settings import GatewaySettings

BRIDGE = "bridge"
SIGNING_KEYS = "signing_keys"
TELEMETRY = "telemetry"

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def clusters(contract: Contract, settings: GatewaySettings) -> list[Config]:
    return [
        *(service_cluster(area, settings) for area in contract.areas),
        bridge_cluster(settings),
        signing_keys_cluster(settings),
        *telemetry_clusters(settings),
    ]


def service_cluster(service: str, settings: GatewaySettings) -> Config:
    return {
        **_cluster(service, endpoints(settings.address(service))),
        **_http2(),
        "transport_socket": upstream_tls(service, "h2", settings),
        "health_checks": [_health_check()],
        # With every endpoint down, a quick 503 beats a call to one of them.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "ignore_health_on_host_removal": True,
    }


def bridge_cluster(settings: GatewaySettings) -> Config:
    return {
        **_cluster(BRIDGE, [("127.0.0.1", settings.bridge_port)]),
        "transport_socket": upstream_tls(BRIDGE, "http/1.1", settings),
    }


def signing_keys_cluster(settings: GatewaySettings) -> Config:
    """The gateway itself: auth speaks gRPC, and the gateway is what makes a JWK set of that."""
    return _cluster(SIGNING_KEYS, [("127.0.0.1", settings.http_port)])


def telemetry_clusters(settings: GatewaySettings) -> Iterator[Config]:
    if settings.otlp_endpoint:
        url = urlsplit(settings.otlp_endpoint)
        yield {
            **_cluster(TELEMETRY, [(url.hostname or "127.0.0.1", url.port or 4317)]),
            **_http2(),
        }


def endpoints(target: str) -> list[tuple[str, int]]:
    """Reads a gRPC target: `ipv4:10.0.0.1:7101,10.0.0.2:7101`, `dns:///auth:7101`, `auth:7101`."""
    for scheme in ("ipv4:", "ipv6:", "dns:"):
        target = target.removeprefix(scheme)
    found = []
    for address in target.removeprefix("///").split(","):
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"{address!r} is not an address of the form host:port")
        found.append((host.strip("[]"), int(port)))
    return found


def _cluster(name: str, addresses: list[tuple[str, int]]) -> Config:
    return {
        "name": name,
        "type": "STATIC" if all(_is_ip(host) for host, _ in addresses) else "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": _assignment(name, [socket_address(*address) for address in addresses]),
    }


def _assignment(name: str, addresses: list[Config]) -> Config:
    endpoints = [{"endpoint": {"address": address}} for address in addresses]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}


def _http2() -> Config:
    options = typed(
        "extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config={"http2_protocol_options": {"max_concurrent_streams": 1000}},
    )
    return {"typed_extension_protocol_options": {_HTTP_OPTIONS: options}}


def _health_check() -> Config:
    return {
        "timeout": "1s",
        "interval": "2s",
        "no_traffic_interval": "1s",
        "unhealthy_interval": "0.5s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "grpc_health_check": {},
    }


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
