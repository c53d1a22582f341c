"""What the audited call of the current task will be recorded as, while it runs.

Outside of an audited call all of this does nothing, so that use cases need not know.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from services.mesh.caller import TenantId, UserId


@dataclass
class Entry:
    """Filled in while the call learns more. Shared with the tasks that the call starts."""

    method: str
    tenant_id: TenantId | None = None
    user_id: str = ""
    session_id: str = ""
    client_id: str = ""
    told: dict[str, str] = field(default_factory=dict)
    asked_kind: str = ""
    asked_id: str = ""
    replayed: object | None = None
    is_bookkeeping: bool = False
    # From the check of the request to the end of the call: what is committed in between is its.
    is_running: bool = False
    # The chains that hold a record of what it committed.
    committed_in: set[TenantId] = field(default_factory=set)


_entry: ContextVar[Entry | None] = ContextVar("audit_entry", default=None)


def begin_entry(entry: Entry) -> None:
    """For the rest of the current task. Each RPC is a task of its own."""
    _entry.set(entry)


def entry_or_none() -> Entry | None:
    return _entry.get()


def acting_for(
    tenant_id: TenantId, user_id: UserId | str = "", session_id: str = "", client_id: str = ""
) -> None:
    """Says in whose chain a public RPC belongs as soon as it is known, as at a login.

    May be called again when more is known. To be called before the transaction that writes.
    """
    entry = _entry.get()
    if entry is not None:
        entry.tenant_id = tenant_id
        entry.user_id = user_id or entry.user_id
        entry.session_id = session_id or entry.session_id
        entry.client_id = client_id or entry.client_id


def acts_on(kind: str, resource_id: str) -> None:
    """Says the id of what the call makes or finds, where the request does not name it.

    To be called inside the transaction that writes, or before.
    """
    entry = _entry.get()
    if entry is not None:
        # The latest stays last: it is what the record will name.
        entry.told.pop(kind, None)
        entry.told[kind] = resource_id


def note_replay(reply: object) -> None:
    """Says that the call is answered with the reply of an earlier one."""
    entry = _entry.get()
    if entry is not None:
        entry.replayed = reply


@contextmanager
def bookkeeping() -> Iterator[None]:
    """For a transaction that is not what the call is about, such as counting failed logins."""
    entry = _entry.get()
    if entry is None or entry.is_bookkeeping:
        yield
        return
    entry.is_bookkeeping = True
    try:
        yield
    finally:
        entry.is_bookkeeping = False
