"""Runs the ticket service: `python -m services.ticket`."""

import asyncio
import sys

from services.mesh.errors import StorageUnavailable
from services.mesh.logs import configure_logs
from services.mesh.settings import read_settings
from services.ticket.server import NAME, serve_tickets
from services.ticket.settings import TicketSettings


def main() -> None:
    settings = read_settings(TicketSettings)
    configure_logs(NAME, settings)
    try:
        asyncio.run(serve_tickets(settings))
    except (OSError, StorageUnavailable) as error:
        sys.exit(f"{NAME} cannot start: {error}")


if __name__ == "__main__":
    main()
