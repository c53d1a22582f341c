"""All SQL of ticket, for SQLite and PostgreSQL."""

from services.ticket.store.outbox import SqlOutbox
from services.ticket.store.sql import SqlTickets, SqlTicketStore

__all__ = ["SqlOutbox", "SqlTicketStore", "SqlTickets"]
