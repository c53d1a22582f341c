"""Routes the tickets of a FOLDER, killed over and over, until its whole group is killed."""

import asyncio
import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from services.mesh.caller import TenantId
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.database_address import DatabaseAddress
from tests.durability.dying_parts import dying_parts
from tests.durability.kill_points import Doom, KillPoint, Place
from tests.ticket.routing.dying import end_of_a_child
from tests.ticket.routing.routing_desk import RoutingDesk
from tests.ticket.routing.temporal_desk import TemporalDesk

_PAUSE_SECONDS = 0.2
KILLS, FAILURES = "kills", "failures"


class TimelyDesk(RoutingDesk):
    def now(self) -> datetime:
        return utc_now()


class TimelyTemporalDesk(TemporalDesk):
    def now(self) -> datetime:
        return utc_now()


@dataclass(frozen=True)
class Orders:
    folder: str
    database: DatabaseAddress
    tenant_id: str
    places: tuple[Place, ...]
    times: int
    chance: float
    temporal_address: str = ""
    is_forgetful: bool = False

    def written(self) -> str:
        return json.dumps(asdict(self))


def read(written: str) -> Orders:
    told = json.loads(written)
    places = tuple((KillPoint(point), step) for point, step in told.pop("places"))
    database = DatabaseAddress(**told.pop("database"))
    return Orders(places=places, database=database, **told)


async def live(orders: Orders) -> None:
    folder = Path(orders.folder)
    database = Database(orders.database)
    doom = Doom(folder / KILLS, frozenset(orders.places), orders.times, orders.chance)
    parts = dying_parts(database, doom, is_forgetful=orders.is_forgetful)
    tenant_id = TenantId(orders.tenant_id)
    if not orders.temporal_address:
        await TimelyDesk(database, tenant_id, **parts).router.run()
        return
    desk = TimelyTemporalDesk(
        database,
        orders.temporal_address,
        folder / "keys",
        tenant_id=tenant_id,
        task_queue=orders.tenant_id,
        **parts,
    )
    async with asyncio.TaskGroup() as jobs:
        jobs.create_task(desk.temporal.run())
        jobs.create_task(desk.router.run())


def main(written: str) -> None:
    orders = read(written)
    failures = Path(orders.folder) / FAILURES
    while True:
        if end_of_a_child(lambda: live(orders)) != -signal.SIGKILL:
            with failures.open("a") as kept:
                kept.write("failed\n")
            time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
