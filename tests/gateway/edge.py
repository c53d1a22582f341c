"""A real gateway: `python -m services.gateway` on free ports in front of given upstreams."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx2

from services.mesh.settings import REPOSITORY

PATIENCE_SECONDS = 30.0


class Edge:
    def __init__(self, data: Path, certificates: Path, ports: Mapping[str, int]) -> None:
        self.http_port, self.https_port, self.admin_port = _free_ports(3)
        self.data = data
        self._environment = {
            "HELPDESK_DATA": str(data),
            "HELPDESK_CERTIFICATES": str(certificates),
            "HELPDESK_HTTP_PORT": str(self.http_port),
            "HELPDESK_HTTPS_PORT": str(self.https_port),
            "HELPDESK_ADMIN_PORT": str(self.admin_port),
            **{f"HELPDESK_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        }
        self.process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        return (self.data / "gateway.log").read_text()

    async def start(self, **settings: str) -> None:
        variables = {f"HELPDESK_{name.upper()}": value for name, value in settings.items()}
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "gateway.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.gateway",
                cwd=REPOSITORY,
                env={**_inherited(), **self._environment, **variables},
                stderr=log,
            )

    async def wait_until(self, path: str, status: int) -> None:
        """Asks until the path answers with the status."""
        async with asyncio.timeout(PATIENCE_SECONDS), httpx2.AsyncClient() as client:
            while await self._status(client, path) != status:
                if self.process is not None and self.process.returncode is not None:
                    raise AssertionError(f"the gateway ended: {self.log[-2000:]}")
                await asyncio.sleep(0.02)

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


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
