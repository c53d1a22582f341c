"""A database whose statements nobody looks into, for tests of the walls behind that."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from sqlalchemy import event

from services.mesh.database import Database


@contextmanager
def unguarded(database: Database) -> Iterator[Database]:
    """The same database, for a while without its guard."""
    for engine in database._engines.guarded:
        event.remove(engine.sync_engine, "before_cursor_execute", database._guard.check)
    try:
        with patch.object(database._guard, "require"):
            yield database
    finally:
        for engine in database._engines.guarded:
            database._guard.watch(engine)
