"""A service is killed again and again while it writes: does any change lack its record?

python -m tests.security --only audit-kills
"""

import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import grpc
from sqlalchemy import text

from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2, ticket_service_pb2_grpc
from services.mesh.audit.anchors import Anchors
from services.mesh.audit.keys import AuditKeys
from services.mesh.audit.reading import verify_chain
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import REPOSITORY
from tests.security.killed_service import TENANT, TOKEN, database_url
from tests.security.progress import Progress
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.support.mesh_server import plain_channel

FIGURE = Figure(
    "kill -9 under audited writes: changes without record, records without change", "0 of 30", 30
)

_KILLS = {Scale.FULL: 30, Scale.SHORT: 2}
_CARELESS_KILLS = {Scale.FULL: 15, Scale.SHORT: 5}
_WRITERS = 8
_LONGEST_SECONDS = 0.6
_START_SECONDS = 120
_METADATA = (("authorization", f"Bearer {TOKEN}"),)


@dataclass(frozen=True)
class Left:
    """What a killed service leaves in its database."""

    tickets: frozenset[str]
    recorded: frozenset[str]
    fault: str

    def faults(self, acknowledged: set[str]) -> list[str]:
        found = [f"ticket {each} has no record" for each in sorted(self.tickets - self.recorded)]
        found += [f"a record of no ticket {each}" for each in sorted(self.recorded - self.tickets)]
        found += [f"ticket {each} is lost" for each in sorted(acknowledged - self.tickets)]
        return found + ([self.fault] if self.fault else [])


async def run(scale: Scale, seed: int) -> Outcome:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="helpdesk-kills-") as folder:
        data = Path(folder)
        progress = Progress("kills", _KILLS[scale])
        acknowledged: set[str] = set()
        for _ in range(_KILLS[scale]):
            acknowledged |= await _write_and_kill(data, dice)
            progress.step()
        left = await _left_in(data)
    is_caught, tries = await _careless(scale, dice)
    return Outcome(
        _KILLS[scale],
        left.faults(acknowledged),
        Control("the record in the commit of its change", caught=is_caught),
        [
            f"{len(acknowledged):,} tickets acknowledged, {len(left.tickets):,} kept, "
            f"{len(left.recorded):,} recorded",
            f"recorded after the commit instead, it showed after {tries} kills",
        ],
    )


async def _careless(scale: Scale, dice: random.Random) -> tuple[bool, int]:
    with tempfile.TemporaryDirectory(prefix="helpdesk-kills-") as folder:
        for tried in range(1, _CARELESS_KILLS[scale] + 1):
            await _write_and_kill(Path(folder), dice, "careless")
            left = await _left_in(Path(folder))
            if left.tickets != left.recorded:
                return True, tried
    return False, _CARELESS_KILLS[scale]


async def _write_and_kill(data: Path, dice: random.Random, *how: str) -> set[str]:
    """Returns the tickets that were acknowledged."""
    async with _service(data, how) as (process, channel):
        acknowledged: set[str] = set()
        begun = asyncio.Event()
        writers = [
            asyncio.create_task(_write(channel, acknowledged, begun)) for _ in range(_WRITERS)
        ]
        await asyncio.wait_for(begun.wait(), _START_SECONDS)
        await asyncio.sleep(dice.uniform(0, _LONGEST_SECONDS))
        process.kill()
        await process.wait()
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        return acknowledged


async def _write(channel: grpc.aio.Channel, acknowledged: set[str], begun: asyncio.Event) -> None:
    stub: ticket_service_pb2_grpc.TicketServiceAsyncStub
    stub = ticket_service_pb2_grpc.TicketServiceStub(channel)
    while True:
        # With a request id and without: the transaction is opened by another hand.
        request = ticket_service_pb2.CreateTicketRequest(
            ticket=ticket_pb2.Ticket(subject="No Wi-Fi", body="Gone since noon."),
            request_id=new_id() if len(acknowledged) % 2 else "",
        )
        with suppress(grpc.aio.AioRpcError):
            made = await stub.CreateTicket(request, metadata=_METADATA, timeout=10)
            acknowledged.add(made.ticket_id)
            begun.set()
        await asyncio.sleep(0)


@asynccontextmanager
async def _service(
    data: Path, how: Sequence[str]
) -> AsyncIterator[tuple[asyncio.subprocess.Process, grpc.aio.Channel]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.security.killed_service",
        str(data),
        *how,
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("a process without its stdout")
        said = await asyncio.wait_for(process.stdout.readuntil(), _START_SECONDS)
        while not said.strip().isdigit():
            said = await asyncio.wait_for(process.stdout.readuntil(), _START_SECONDS)
        channel = plain_channel(data / "certificates" / "gateway", "ticket", int(said))
        yield process, channel
        await channel.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _left_in(data: Path) -> Left:
    database = Database(database_url(data))
    keys = AuditKeys(data / "ticket" / "audit-keys")
    anchors = Anchors(data / "ticket" / "audit-anchors", keys)
    try:
        async with database.system_reading() as session:
            tickets = await session.scalars(text("SELECT ticket_id FROM tickets"))
            recorded = await session.scalars(
                text(
                    "SELECT resource_id FROM audit_records "
                    "WHERE outcome IN ('COMMITTED', 'ANSWERED') AND method LIKE '%/CreateTicket'"
                )
            )
            kept, told = frozenset(tickets), list(recorded)
        fault = (await verify_chain(database, keys, anchors, utc_now, TENANT)).fault
    finally:
        await database.close()
    twice = len(told) - len(set(told))
    wrong = fault.description if fault else ""
    return Left(kept, frozenset(told), f"{twice} records too many" if twice else wrong)


SECTION = Section("audit-kills", FIGURE, run)
