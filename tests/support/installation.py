"""A real installation to test against: every process, Envoy included, in a folder of its own."""

import json
import os
import random
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from services.cli.profiles import ProfileFile
from services.mesh.settings import REPOSITORY, MeshSettings

HELPDESK = Path(sys.executable).parent / "helpdesk"
SERVICES = ("AUTH", "TICKET", "SEARCH", "CHAT")
PORTS = (
    "HTTP",
    "HTTPS",
    "ADMIN",
    "BRIDGE",
    "TEMPORAL",
    "TEMPORAL_HTTP",
    *SERVICES,
    *(f"{name}_METRICS" for name in SERVICES),
)
# The system gives those from 32768 on to whoever asks for any, and between two starts as well.
_GIVEN_TO_NOBODY = range(10_000, 32_768)


@dataclass(frozen=True)
class Installation:
    """A running mesh with its own data folder and ports."""

    environment: dict[str, str]
    tree: Path = REPOSITORY
    """Where its code is: this repository, or a copy in which something was changed."""

    @property
    def data(self) -> Path:
        return Path(self.environment["HELPDESK_DATA"])

    @property
    def settings(self) -> MeshSettings:
        given = {
            name.removeprefix("HELPDESK_").lower(): value
            for name, value in self.environment.items()
            if name.startswith("HELPDESK_")
        }
        return MeshSettings.model_validate(given)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['HELPDESK_HTTP_PORT']}"

    def run(self, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
        return subprocess.run(
            [HELPDESK, *map(str, arguments)],
            env=self._environment(),
            cwd=self.tree,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    def _environment(self) -> dict[str, str]:
        if self.tree == REPOSITORY:
            return self.environment
        return {**self.environment, "PYTHONPATH": f"{self.tree}:{self.tree / 'gen' / 'python'}"}

    def json(self, *arguments: str | Path) -> Any:  # noqa: ANN401  any command's answer
        done = self.run(*arguments, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def token(self, tenant: str, role: str = "customer") -> str:
        done = self.run("token", "--tenant", tenant, "--as", role)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def password(self, tenant: str, email: str) -> str:
        """The made-up password of a demo user."""
        found: str = ProfileFile(self.data).read().by_tenant[tenant].passwords[email]
        return found

    def rest(self, tenant: str = "", role: str = "customer") -> httpx.Client:
        """A client of the REST side, logged in when a tenant is named."""
        headers = {"authorization": f"Bearer {self.token(tenant, role)}"} if tenant else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def processes(self) -> list[dict[str, Any]]:
        status: dict[str, Any] | list[dict[str, Any]] = json.loads(
            self.run("status", "-o", "json").stdout
        )
        return status["processes"] if isinstance(status, dict) else status


def fresh_environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    ports = {
        f"HELPDESK_{name}_PORT": str(port) for name, port in zip(PORTS, free_ports(), strict=True)
    }
    return {
        **kept,
        **ports,
        "HELPDESK_DATA": str(folder),
        # Whatever is on the PATH.
        "HELPDESK_TICKET_ROUTING_ENGINE": "in_process",
        "HELPDESK_TENANT_REQUESTS_PER_SECOND": "2000",
        # Tests bring identity providers of their own, on this machine.
        "HELPDESK_OUTBOUND_LOOPBACK": "true",
    }


def free_ports() -> list[int]:
    sockets: list[socket.socket] = []
    while len(sockets) < len(PORTS):
        with suppress(OSError):
            port = random.choice(_GIVEN_TO_NOBODY)  # noqa: S311 - no secret
            sockets.append(socket.create_server(("127.0.0.1", port)))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
