"""Ticket's composition root: makes each part once and hands it to the next."""

import asyncio
from functools import partial
from pathlib import Path

from helpdesk.ticket.v1 import ticket_service_pb2_grpc
from services.mesh.authority import RemoteAuthority
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.purge import Purge
from services.mesh.server import serve
from services.mesh.tls import ensure_certificates
from services.ticket.servicer import TicketServicer
from services.ticket.settings import TicketSettings
from services.ticket.store import SqlTicketStore
from services.ticket.tables import Table
from services.ticket.watching import Pace

NAME = "ticket"
MIGRATIONS = Path(__file__).parent / "migrations"


async def serve_tickets(settings: TicketSettings) -> None:
    """Serves until the process is told to stop."""
    # The channel to auth needs its certificate before the server would make one.
    await asyncio.to_thread(ensure_certificates, settings.certificates_folder)
    database = Database(settings.database_address(NAME))
    authority = RemoteAuthority(settings, caller_service=NAME)
    pace = Pace(settings.ticket_poll_seconds, settings.ticket_heartbeat_seconds)
    servicer = TicketServicer(SqlTicketStore(database), utc_now, pace)
    try:
        await database.migrate(MIGRATIONS)
        await serve(
            name=NAME,
            settings=settings,
            register=partial(ticket_service_pb2_grpc.add_TicketServiceServicer_to_server, servicer),
            services=services_of(NAME),
            authority=authority,
            database=database,
            background=[Purge(authority, database, Table.metadata).run],
        )
    finally:
        await authority.close()
        await database.close()
