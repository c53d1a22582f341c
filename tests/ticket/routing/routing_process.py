"""Routes a FILE at so many MINUTES past noon, and is killed over and over.

With the ADDRESS of a Temporal server, KEYS, the name of a QUEUE and a TENANT, it routes there.
Prints how many processes were killed until one came to the end.
"""

import sys
from pathlib import Path

from services.mesh.caller import TenantId
from services.mesh.database import Database
from tests.ticket.routing.dying import killed_until_done
from tests.ticket.routing.routing_desk import RoutingDesk


async def route(file: str, minutes: float) -> None:
    await RoutingDesk(Database(f"sqlite:///{file}")).settle(minutes)


async def route_on_temporal(file: str, minutes: float, address: str, *rest: str) -> None:
    from tests.ticket.routing.temporal_desk import TemporalDesk  # noqa: PLC0415

    keys, task_queue, tenant = rest
    desk = TemporalDesk(
        Database(f"sqlite:///{file}"),
        address,
        Path(keys),
        tenant_id=TenantId(tenant),
        task_queue=task_queue,
    )
    async with desk.working():
        await desk.settle(minutes)


def main(file: str, minutes: float, *temporal: str) -> int:
    if temporal:
        # Each kill costs the time after which Temporal gives an attempt up.
        return killed_until_done(lambda: route_on_temporal(file, minutes, *temporal), 2, 3)
    return killed_until_done(lambda: route(file, minutes), 1, 1)


if __name__ == "__main__":
    kills = main(sys.argv[1], float(sys.argv[2]), *sys.argv[3:])
    sys.stdout.write(f"{kills}\n")
