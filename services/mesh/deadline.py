"""How much time the current call has left, handed down to every call it makes."""

import time
from contextvars import ContextVar

from services.mesh.errors import DeadlineExceeded

# What a reply needs to travel back up while the caller still waits for it.
_RETURN_SECONDS = 0.02

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


def start_deadline(seconds: float) -> None:
    """For the rest of the current task. Each RPC is a task of its own."""
    _ends_at.set(time.monotonic() + seconds)


def remaining_seconds() -> float | None:
    """None outside of a call."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - time.monotonic()


def seconds_for_peer(wanted: float) -> float:
    """Raises DeadlineExceeded when there is no time left to call anybody."""
    remaining = remaining_seconds()
    if remaining is None:
        return wanted
    seconds = min(wanted, remaining - _RETURN_SECONDS)
    if seconds <= 0:
        raise out_of_time()
    return seconds


def out_of_time() -> DeadlineExceeded:
    return DeadlineExceeded("The time for this call has run out.")
