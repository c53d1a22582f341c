"""A process that is killed while it sweeps leaves each turn told once, or still to be told."""

import asyncio
import subprocess
import sys
from pathlib import Path
from random import Random

from services.mesh.database import Database
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.sla.late_desk import ONE_HOUR_TO_SOLVE, LateDesk

TICKETS, LONGEST_LIFE_SECONDS = 60, 0.15


async def test_killed_sweepers_tell_each_turn_once(tmp_path: Path) -> None:
    file = tmp_path / "ticket.db"
    database = Database(f"sqlite:///{file}")
    await database.migrate(MIGRATIONS)
    desk = LateDesk(database)
    await desk.promise(ONE_HOUR_TO_SOLVE)
    tickets = [await desk.opened() for _ in range(TICKETS)]
    dice = Random(7)  # noqa: S311 - the same lives each time
    killed_at: list[int] = []
    for minutes in (50, 55, 65):
        desk.at(minutes)
        await live_and_die(file, minutes, dice.random() * LONGEST_LIFE_SECONDS, desk)
        killed_at.append(sum([len(await desk.turns(each)) for each in tickets]))
        await desk.sweep_at(minutes)
    assert await desk.told_more_or_less_than_once(tickets) == []
    # Else no kill came while there was something to tell.
    assert any(count % TICKETS for count in killed_at), killed_at
    await database.close()


async def live_and_die(file: Path, minutes: float, seconds: float, desk: LateDesk) -> None:
    command = [sys.executable, "-m", "tests.ticket.sla.sweeping_process", str(file), str(minutes)]
    process = await asyncio.to_thread(subprocess.Popen, command)
    before = await told(desk)
    for _ in range(400):
        if await told(desk) != before:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(seconds)
    process.kill()
    await asyncio.to_thread(process.wait)


async def told(desk: LateDesk) -> int:
    async with desk.store.reading(desk.tenant_id) as tickets:
        return await tickets.last_seq()
