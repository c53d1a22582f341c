"""A service that is killed between the receiver's word and its note posts twice, with one id."""

import asyncio
import sys
from pathlib import Path

from services.mesh.database import Database
from services.mesh.settings import REPOSITORY
from services.ticket.server import MIGRATIONS
from tests.ticket.webhooks.dying_sender import TENANT
from tests.ticket.webhooks.house import House
from tests.ticket.webhooks.receiver import receiving


async def send(folder: Path, ahead: int, *words: str) -> int:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.ticket.webhooks.dying_sender", str(folder), str(folder / "certificates")),
        *(str(ahead), *words),
        cwd=REPOSITORY,
        env={"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen/python'}"},
    )
    return await running.wait()


async def test_a_killed_sender_doubles_at_most_and_loses_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    house = House(database, TENANT)
    async with receiving(tmp_path / "certificates") as receiver:
        webhook, _ = await house.hooked(receiver.url)
        await house.open()

        assert await send(tmp_path, 0, "dying") == 9
        assert len(receiver.ids) == 1
        assert (await house.deliveries(webhook))[0].delivered_time is None
        # Somebody else may still be at it.
        assert await send(tmp_path, 0) == 0
        assert len(receiver.ids) == 1

        assert await send(tmp_path, 300) == 0
        assert await send(tmp_path, 3000) == 0
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    assert receiver.requests[0].body == receiver.requests[1].body
    assert (await house.deliveries(webhook))[0].delivered_time is not None
    await database.close()
