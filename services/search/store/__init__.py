"""All SQL of search, on SQLite and PostgreSQL."""

from services.search.store.golden_sets import SqlGoldenSetStore
from services.search.store.sql import SqlDocumentStore

__all__ = ["SqlDocumentStore", "SqlGoldenSetStore"]
