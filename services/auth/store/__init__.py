"""All SQL of auth, on SQLite and PostgreSQL."""

from services.auth.store.sql import SqlAuthStore

__all__ = ["SqlAuthStore"]
