"""Turns a database that is full, locked or away into an error that callers may retry."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.mesh.errors import StorageUnavailable

_RETRY_AFTER = timedelta(seconds=1)
_SQLITE_FAULTS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
}


@asynccontextmanager
async def storage_errors_as_unavailable() -> AsyncIterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise _unavailable() from error
    except DBAPIError as error:
        if is_storage_fault(error):
            raise _unavailable() from error
        raise


def is_storage_fault(error: DBAPIError) -> bool:
    """Whether waiting may help; a missing table, for one, is a mistake of ours and is not."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    # The low byte is the primary code; the rest says more about the same fault.
    return code is None or (code & 0xFF) in _SQLITE_FAULTS


def _unavailable() -> StorageUnavailable:
    return StorageUnavailable(
        "The database cannot be written at the moment. Nothing was stored.",
        retry_after=_RETRY_AFTER,
    )
