"""An installation that is there to be killed: its processes, its database, its mail."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import httpx2 as httpx
import psutil

from services.cli.supervisor.state import StateFile
from services.mesh.database_address import DatabaseAddress
from tests.support.databases import PostgresqlProcess, PostgresqlServer, postgresql_process
from tests.support.installation import Installation, free_ports, fresh_environment
from tests.support.postgresql_installation import postgresql_environment

TENANT, ADDRESS = "acme", "help@acme.example"
# Seldom, for each is asked for by a process of its own, and that may be one that is used already.
_TOKEN_SECONDS = 120.0


class Victim(StrEnum):
    TICKET = "ticket"
    ENVOY = "envoy"
    DATABASE = "database"


@dataclass
class Desk:
    mesh: Installation
    postgresql: PostgresqlProcess | None
    smtp_port: int
    _token: str = ""
    _token_time: float = field(default=float("-inf"))
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def victims(self) -> list[Victim]:
        """On SQLite the service is the database."""
        return [*Victim] if self.postgresql else [Victim.TICKET, Victim.ENVOY]

    @property
    def database(self) -> DatabaseAddress:
        return self.mesh.settings.database_address("ticket")

    async def token(self) -> str:
        async with self._asking:
            if time.monotonic() - self._token_time > _TOKEN_SECONDS:
                self._token = await asyncio.to_thread(self.mesh.token, TENANT, "agent")
                self._token_time = time.monotonic()
            return self._token

    def forget_token(self) -> None:
        """It was refused, as it must be when its time is over."""
        self._token_time = float("-inf")

    @asynccontextmanager
    async def agent(self, most_seconds: float = 10.0) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=self.mesh.url, timeout=most_seconds) as client:
            yield client

    async def kill(self, victim: Victim) -> None:
        """Returns at once; what is not started again by the supervisor is started here."""
        match victim:
            case Victim.TICKET:
                await _kill(lambda: [psutil.Process(self._pid("ticket"))])
            case Victim.ENVOY:
                await _kill(lambda: psutil.Process(self._pid("gateway")).children())
            case Victim.DATABASE if self.postgresql is not None:
                await asyncio.to_thread(self.postgresql.kill)
                await asyncio.to_thread(self.postgresql.start)
            case _:
                raise ValueError(victim)

    def _pid(self, name: str) -> int:
        state = StateFile(self.mesh.data).read()
        if state is None:
            raise RuntimeError("no supervisor")
        return state.process(name).pid


async def _kill(find: Callable[[], list[psutil.Process]]) -> None:
    """Waits for what was killed before, and is only just being started again."""
    while True:
        with suppress(psutil.NoSuchProcess):
            if found := find():
                for process in found:
                    process.kill()
                return
        await asyncio.sleep(0.05)


@contextmanager
def running_desk(
    folder: Path, *, on_postgresql: bool, more: Mapping[str, str] | None = None
) -> Iterator[Desk]:
    """`more` are settings, such as where the service's outgoing effects go."""
    smtp_port = free_ports()[0]
    environment = {
        **fresh_environment(folder),
        "HELPDESK_TICKET_SMTP_PORT": str(smtp_port),
        **(more or {}),
    }
    if not on_postgresql:
        with _up(Installation(environment)) as mesh:
            yield Desk(mesh, None, smtp_port)
        return
    with postgresql_process() as process:
        addresses = postgresql_environment(PostgresqlServer(process.administrator))
        of_ticket = {name: url for name, url in addresses.items() if "_TICKET_" in name}
        with _up(Installation({**environment, **of_ticket})) as mesh:
            yield Desk(mesh, process, smtp_port)


@contextmanager
def _up(mesh: Installation) -> Iterator[Installation]:
    started = mesh.run("up", "--detach")
    try:
        if started.returncode != 0:
            raise RuntimeError(started.stdout + started.stderr)
        added = mesh.run("mail", "addresses", "add", TENANT, ADDRESS)
        if added.returncode != 0:
            raise RuntimeError(added.stdout + added.stderr)
        yield mesh
    finally:
        mesh.run("down")
