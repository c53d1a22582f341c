"""All SQL of ticket, for SQLite and PostgreSQL."""

from services.ticket.store.sql import SqlTickets, SqlTicketStore

__all__ = ["SqlTicketStore", "SqlTickets"]
