"""Runs the ticket service: `python -m services.ticket`."""

from services.mesh.main import run_service
from services.ticket.server import NAME, serve_tickets
from services.ticket.settings import TicketSettings

if __name__ == "__main__":
    run_service(NAME, TicketSettings, serve_tickets)
