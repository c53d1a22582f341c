"""Records what Temporal keeps of a few tickets: `python -m tests.ticket.routing.record_histories`.

Run it when the workflow does something new, and keep the histories that are there.
"""

import asyncio
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from services.mesh.database import Database
from services.ticket.engines.temporal.workflow import workflow_id
from services.ticket.routing.policy import Escalation
from services.ticket.sla.clocks import SlaState
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import ALEX, BIRGIT, agent
from tests.ticket.routing.temporal_desk import TemporalDesk
from tests.ticket.routing.temporal_server import running_temporal

HISTORIES = Path(__file__).parent / "histories"
KEYS = HISTORIES / "keys"


async def record(address: str, folder: Path, name: str) -> None:
    database = Database(f"sqlite:///{folder / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    async with TemporalDesk(database, address, KEYS).working() as desk:
        waiting = await desk.opened_and_routed()
        await desk.queue("second")
        await desk.promises_an_hour()
        await desk.has(
            agent(ALEX),
            agent(BIRGIT, "second"),
            acknowledges=True,
            escalation=Escalation(SlaState.BREACHED, queue="second"),
            close_after=timedelta(hours=2),
        )
        await desk.settle()
        ended = await desk.opened_and_routed()
        await desk.settle(61)
        await desk.resolved(ended)
        await desk.settle(600)
        client = await desk.temporal.client()
        for word, ticket in (("waiting", waiting), ("ended", ended)):
            handle = client.get_workflow_handle(workflow_id(desk.tenant_id, ticket.ticket_id))
            history = (await handle.fetch_history()).to_json()
            # Whoever recorded it says nothing about the ticket.
            history = re.sub(r"[0-9]+@[A-Za-z0-9._-]+", "recorder", history)
            (HISTORIES / f"{name}_{word}.json").write_text(history + "\n")
    await database.close()


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as temporary,
        running_temporal(Path(temporary)) as server,
    ):
        asyncio.run(record(server, Path(temporary), sys.argv[1]))
