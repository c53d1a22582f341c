"""A real gateway: `python -m services.gateway` on free ports in front of given upstreams."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import httpx2

from services.gateway.__main__ import command, write_configuration
from services.gateway.settings import GatewaySettings
from services.mesh.settings import REPOSITORY
from tests.gateway.access_tokens import ISSUER

Tamper: TypeAlias = Callable[[Any], None]
PATIENCE_SECONDS = 30.0


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Asks until it holds, for what happens in another process in its own time."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - nothing in this process can tell
            await asyncio.sleep(0.05)


class Edge:
    def __init__(self, data: Path, certificates: Path, ports: Mapping[str, int]) -> None:
        self.http_port, self.https_port, self.admin_port = free_ports(3)
        self.data = data
        self._environment = {
            "HELPDESK_DATA": str(data),
            "HELPDESK_CERTIFICATES": str(certificates),
            "HELPDESK_HTTP_PORT": str(self.http_port),
            "HELPDESK_HTTPS_PORT": str(self.https_port),
            "HELPDESK_ADMIN_PORT": str(self.admin_port),
            "HELPDESK_PUBLIC_URL": ISSUER,
            **{f"HELPDESK_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }
        self.process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        return (self.data / "gateway.log").read_text()

    async def start(self, settings: Mapping[str, str]) -> None:
        await self._run([sys.executable, "-m", "services.gateway"], settings)

    async def start_tampered(self, tamper: Tamper, settings: Mapping[str, str]) -> None:
        """Starts with something changed in the configuration that the gateway would write."""
        arguments: dict[str, Any] = {
            name.removeprefix("HELPDESK_").lower(): value
            for name, value in self._environment.items()
        }
        read = GatewaySettings(**{**arguments, **settings})
        file = write_configuration(read)
        configuration = json.loads(file.read_text())
        tamper(configuration)
        file.write_text(json.dumps(configuration))
        await self._run(command(file, read), settings)

    async def _run(self, arguments: list[str], settings: Mapping[str, str]) -> None:
        variables = {f"HELPDESK_{name.upper()}": value for name, value in settings.items()}
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "gateway.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *arguments,
                cwd=REPOSITORY,
                env={**_inherited(), **self._environment, **variables},
                stderr=log,
            )

    async def wait_until(self, path: str, status: int) -> None:
        """Asks until the path answers with the status; 0 stands for no answer at all."""
        async with httpx2.AsyncClient() as client:

            async def is_there() -> bool:
                ended = self.process is not None and self.process.returncode is not None
                assert not ended or status == 0, self.log[-2000:]
                return await self._status(client, path) == status

            await eventually(is_there)

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.process.wait()

    async def _status(self, client: httpx2.AsyncClient, path: str) -> int:
        try:
            return (await client.get(self.url + path)).status_code
        except httpx2.TransportError:
            return 0


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
