"""Sweeps until it is killed: `python -m tests.ticket.sla.sweeping_process FILE MINUTES`."""

import asyncio
import sys

from services.mesh.database import Database
from tests.ticket.sla.late_desk import LateDesk


async def main(file: str, minutes: float) -> None:
    desk = LateDesk(Database(f"sqlite:///{file}"))
    desk.at(minutes)
    while True:
        await desk.sweeper.sweep()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
