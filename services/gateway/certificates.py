"""How Envoy gets its certificates: from files that it reads again when they change."""

import json
from pathlib import Path

from services.gateway.config import Config, typed
from services.gateway.contract import GATEWAY
from services.gateway.settings import GatewaySettings
from services.mesh.certificates import dns_name, spiffe_id

EDGE = "edge"
_TLS = "extensions.transport_sockets.tls.v3"


def downstream_tls(settings: GatewaySettings) -> Config:
    """What clients see: the edge certificate, no client certificate asked for."""
    return _socket(
        "DownstreamTlsContext",
        common_tls_context={
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [_secret(EDGE, settings)],
        },
    )


def upstream_tls(service: str, protocol: str, settings: GatewaySettings) -> Config:
    """Mutual TLS to exactly this service: another one of the same authority is refused."""
    return _socket(
        "UpstreamTlsContext",
        sni=dns_name(service),
        common_tls_context={
            "alpn_protocols": [protocol],
            "tls_params": {
                "tls_minimum_protocol_version": "TLSv1_3",
                "tls_maximum_protocol_version": "TLSv1_3",
            },
            "tls_certificate_sds_secret_configs": [_secret(GATEWAY, settings)],
            "validation_context": {
                "trusted_ca": {"filename": str(settings.certificates_folder / "ca.pem")},
                "match_typed_subject_alt_names": [
                    {"san_type": "URI", "matcher": {"exact": spiffe_id(service)}}
                ],
            },
        },
    )


def write_secrets(settings: GatewaySettings) -> None:
    """Writes the files that tell Envoy where its two certificates lie."""
    for name in (EDGE, GATEWAY):
        file = _secret_file(name, settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"resources": [_certificate(name, settings)]}, indent=2))


def _certificate(name: str, settings: GatewaySettings) -> Config:
    folder = settings.certificate_folder(name)
    return typed(
        f"{_TLS}.Secret",
        name=name,
        tls_certificate={
            "certificate_chain": {"filename": str(folder / "cert.pem")},
            "private_key": {"filename": str(folder / "key.pem")},
            # Not the folder itself, which is a symbolic link: rotation points it at another one.
            "watched_directory": {"path": str(settings.certificates_folder)},
        },
    )


def _secret(name: str, settings: GatewaySettings) -> Config:
    return {
        "name": name,
        "sds_config": {
            "resource_api_version": "V3",
            "path_config_source": {"path": str(_secret_file(name, settings))},
        },
    }


def _secret_file(name: str, settings: GatewaySettings) -> Path:
    return settings.service_folder(GATEWAY) / f"{name}-certificate.json"


def _socket(context: str, **fields: object) -> Config:
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": typed(f"{_TLS}.{context}", **fields),
    }
