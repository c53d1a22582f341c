"""A sender that dies between the receiver's word and its own note of it.

`python -m … FOLDER CERTIFICATES SECONDS_AHEAD [dying]`
"""

import asyncio
import os
import ssl
import sys
from datetime import timedelta
from pathlib import Path

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.server import MIGRATIONS
from services.ticket.store import SqlDeliveryQueue
from tests.ticket.webhooks.house import House

TENANT = TenantId("01a211e1-b833-7a11-8d52-3f1f6f0e2f6a")


async def send(folder: Path, certificates: Path, ahead: timedelta) -> None:
    database = Database(f"sqlite:///{folder / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    house = House(database, TENANT)
    house.clock.ahead = ahead
    sender = house.sender(ssl.create_default_context(cafile=str(certificates / "ca.pem")))
    await sender.spread()
    await sender.send_due()
    await database.close()


async def die(*_: object) -> None:
    os._exit(9)


if __name__ == "__main__":
    if sys.argv[4:] == ["dying"]:
        SqlDeliveryQueue.keep = die  # type: ignore[method-assign,assignment]
    asyncio.run(send(Path(sys.argv[1]), Path(sys.argv[2]), timedelta(seconds=float(sys.argv[3]))))
