"""Cross-tenant tries at the stores of all services; nothing may be read, changed or hinted at.

python -m tests.security.store --tries 1000000 --seed 7 --database both
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from random import Random

from services.mesh.database import Database
from services.mesh.database_address import AnyAddress, DatabaseAddress
from tests.contract.schemas import SERVICES, schema_of
from tests.security.progress import Progress
from tests.security.raw_tries import RawTries
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.security.store_tries import Tally, try_service
from tests.security.tenant_rows import fill, tables_of
from tests.support.databases import PostgresqlServer, database_of, running_postgresql

FIGURE = Figure("cross-tenant tries at the store", "0 leaks", 1_000_000)
DEFAULT_SEED = 20261125
PROCESSES = 2
CONTROL_TRIES = 1_000
_SHORT_TRIES = 4_000
# Of what is tried on PostgreSQL: plain SQL that names no tenant, and stores whose statements
# have lost their condition. The rest are the stores as they are.
_RAW, _FORGETFUL = 0.6, 0.1


@dataclass(frozen=True)
class Part:
    name: str
    service: str
    address: AnyAddress
    tries: int
    seed: int
    way: str = "store"

    def __str__(self) -> str:
        return f"{self.service}, {self.name}"


async def run(scale: Scale, seed: int) -> Outcome:
    return await outcome_of(FIGURE.least if scale is Scale.FULL else _SHORT_TRIES, seed)


async def outcome_of(
    tries: int, seed: int, databases: Sequence[str] = ("sqlite", "postgresql")
) -> Outcome:
    """Half of the tries on each database, in two processes."""
    begun = time.monotonic()
    with running_postgresql() as server, tempfile.TemporaryDirectory() as folder:
        parts = [
            part
            for database in databases
            for part in parts_on(database, server, folder, tries // len(databases), seed)
        ]
        tallies = await asyncio.to_thread(_run_all, parts)
        control = await _control(server, folder, seed, databases)
    total = Tally()
    for tally in tallies:
        total.add(tally)
    seconds = time.monotonic() - begun
    by_name: dict[str, Tally] = {}
    for part, tally in zip(parts, tallies, strict=True):
        by_name.setdefault(part.name, Tally()).add(tally)
    return Outcome(
        total.tries,
        total.leaks,
        control,
        [
            *(f"{name}: {tally.tries:,} tries" for name, tally in by_name.items()),
            f"{total.tries / seconds:,.0f} tries/s; endings {dict(total.endings.most_common(8))}",
        ],
    )


def parts_on(
    database: str, server: PostgresqlServer, folder: str, tries: int, seed: int
) -> list[Part]:
    """Each with a database of its own. Rounded up, so that none is missing at the end."""
    each = -(-tries // len(SERVICES))
    if database == "sqlite":
        return [
            Part("stores on SQLite", name, f"sqlite:///{folder}/{name}.db", _whole(each), seed)
            for name in SERVICES
        ]
    ways = (
        ("stores on PostgreSQL", "store", 1 - _RAW - _FORGETFUL),
        ("stores without conditions on PostgreSQL", "forgetful", _FORGETFUL),
        ("plain SQL on PostgreSQL", "raw", _RAW),
    )
    return [
        Part(told, name, server.create(), _whole(each * share), seed, way)
        for told, way, share in ways
        for name in SERVICES
    ]


def _whole(tries: float) -> int:
    return (int(tries) // 240 + 1) * 240


def _run_all(parts: Sequence[Part]) -> list[Tally]:
    # Spawned, because a fork would take the event loop and the open connections along.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_run_part, parts))


def _run_part(part: Part) -> Tally:
    return asyncio.run(try_part(part, Progress(str(part), part.tries)))


async def try_part(
    part: Part, progress: Progress | None = None, weaken: Callable[[], None] | None = None
) -> Tally:
    """`weaken` takes a wall down once the tables are there."""
    schema = schema_of(part.service)
    database = Database(part.address)
    try:
        await database.migrate(schema.migrations)
        if weaken is not None:
            weaken()
        if part.way == "raw":
            assert isinstance(part.address, DatabaseAddress)
            tenants = await fill(database, schema)
            attempts = RawTries(part.address, schema, tenants, Random(part.seed))
            return await attempts.run(part.tries, progress)
        forgetful = part.way == "forgetful"
        return await try_service(
            database, schema, part.tries, part.seed, forgetful=forgetful, progress=progress
        )
    finally:
        await database.close()


async def _control(
    server: PostgresqlServer, folder: str, seed: int, databases: Sequence[str]
) -> Control:
    """On SQLite statements without their condition; on PostgreSQL also without row security."""
    silent = []
    for name in SERVICES:
        for database in databases:
            address: AnyAddress = f"sqlite:///{folder}/{name}-control.db"
            if database == "postgresql":
                address = server.create()
            part = Part("control", name, address, CONTROL_TRIES, seed, "forgetful")
            tallies = [await try_part(part, weaken=_without_row_security(server, part))]
            if database == "postgresql":
                raw = replace(part, address=server.create(), way="raw")
                tallies.append(await try_part(raw, weaken=_without_row_security(server, raw)))
            silent += [f"{database} {name}" for tally in tallies if not tally.leaks]
    told = "conditions on the tenant, and row security"
    return Control(told + "".join(f"; silent: {each}" for each in silent), caught=not silent)


def _without_row_security(server: PostgresqlServer, part: Part) -> Callable[[], None] | None:
    if not isinstance(part.address, DatabaseAddress):
        return None
    name = database_of(part.address)

    def weaken() -> None:
        for table in tables_of(schema_of(part.service)):
            server.execute("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", table.name, database=name)

    return weaken


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.security.store", description=__doc__)
    parser.add_argument("--tries", type=int, default=FIGURE.least)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    wanted = parser.parse_args(arguments)
    databases = ["sqlite", "postgresql"] if wanted.database == "both" else [wanted.database]
    begun = time.monotonic()
    outcome = asyncio.run(outcome_of(wanted.tries, wanted.seed, databases))
    seconds = time.monotonic() - begun
    lines = [
        *outcome.details,
        *(f"leak: {leak}" for leak in outcome.failures[:20]),
        f"seed {wanted.seed}, {outcome.count:,} tries, {len(outcome.failures):,} leaks, "
        f"{seconds:.0f} s",
        f"control, without {outcome.control.without}: "
        f"{'caught' if outcome.control.caught else 'NOT CAUGHT'}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if not outcome.failures and outcome.control.caught else 1


SECTION = Section("store", FIGURE, run)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
