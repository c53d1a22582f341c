"""What a record costs: the same write with and without its audit, call by call in turns."""

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2, ticket_service_pb2_grpc
from services.mesh.audit.service import service_name
from services.mesh.certificates import ensure_certificates
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.settings import MeshSettings
from services.ticket.server import MIGRATIONS
from services.ticket.servicer import TicketServicer
from services.ticket.store import SqlTicketStore
from services.ticket.use_cases.watching import Pace
from tests.support.mesh_server import RunningServer, running_server
from tests.ticket.clients import AGENT_PERMISSIONS

_CALLS = 400
_WARM_UP = 20


def measure() -> list[str]:
    # A line for each call would be measured, and printed, too.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[str]:
    ensure_certificates(folder / "certificates")
    async with _tickets(folder, "audited") as audited, _tickets(folder, "plain") as plain:
        seconds: dict[str, list[float]] = {"audited": [], "plain": []}
        for _ in range(_WARM_UP + _CALLS):
            for name, server in (("audited", audited), ("plain", plain)):
                seconds[name].append(await _one_write(server))
    middle = {name: statistics.median(each[_WARM_UP:]) for name, each in seconds.items()}
    return [
        f"a ticket, with its audit record                {middle['audited'] * 1000:8.2f} ms",
        f"a ticket, without                              {middle['plain'] * 1000:8.2f} ms",
        f"ratio, audited to plain                        "
        f"{middle['audited'] / middle['plain']:8.2f}",
    ]


async def _one_write(server: RunningServer) -> float:
    user = next(iter(server.authority.users.values()), None) or server.user(
        permissions=AGENT_PERMISSIONS
    )
    stub = ticket_service_pb2_grpc.TicketServiceStub(server.channel())
    ticket = ticket_pb2.Ticket(subject="No Wi-Fi", body="Gone since noon.")
    request = ticket_service_pb2.CreateTicketRequest(ticket=ticket)
    begun = time.perf_counter()
    await stub.CreateTicket(request, metadata=user.metadata)
    return time.perf_counter() - begun


@asynccontextmanager
async def _tickets(folder: Path, name: str) -> AsyncIterator[RunningServer]:
    settings = MeshSettings(data=folder / name, certificates=folder / "certificates")
    database = Database(f"sqlite:///{folder / name / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    servicer = TicketServicer(SqlTicketStore(database), utc_now, Pace())

    def register(server: object) -> None:
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(servicer, server)  # type: ignore[arg-type]

    # Who does not announce an audit keeps none.
    announced = list(services_of("ticket"))
    if name != "audited":
        announced.remove(service_name("ticket"))
    async with running_server("ticket", register, announced, settings, database=database) as server:
        yield server
    await database.close()
