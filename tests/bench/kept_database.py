"""Where a benchmark's database is: gone afterwards, or in a folder for the next run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.mesh.database_address import AnyAddress
from tests.support.databases import PostgresqlServer, postgresql_process, running_postgresql
from tests.support.full_desk import sqlite_in


@dataclass(frozen=True)
class Place:
    address: AnyAddress
    mark: Path | None

    @property
    def is_filled(self) -> bool:
        return self.mark is not None and self.mark.exists()

    def say_filled(self) -> None:
        if self.mark is not None:
            self.mark.touch()


@contextmanager
def place(folder: Path | None, name: str, *, postgresql: bool) -> Iterator[Place]:
    """What was not filled to its end is thrown away, and begun anew."""
    if folder is None:
        with _for_once(postgresql=postgresql) as address:
            yield Place(address, None)
        return
    own = folder.resolve() / f"{name}-{'postgresql' if postgresql else 'sqlite'}"
    mark = own.with_name(f"{own.name}.filled")
    if not mark.exists() and own.exists():
        shutil.rmtree(own)
    own.mkdir(parents=True, exist_ok=True)
    if not postgresql:
        yield Place(sqlite_in(str(own)), mark)
        return
    with postgresql_process("-c fsync=off", own) as process:
        server = PostgresqlServer(process.administrator)
        database = "helpdesk_kept"
        yield Place(server.address(database) if mark.exists() else server.create(database), mark)


@contextmanager
def _for_once(*, postgresql: bool) -> Iterator[AnyAddress]:
    if postgresql:
        with running_postgresql() as server:
            yield server.create()
        return
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        yield sqlite_in(folder)
