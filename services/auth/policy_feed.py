"""The current policy, kept in memory and handed to everyone who listens."""

import asyncio

import structlog

from services.auth.domain import Policy
from services.auth.ports import AuthStore

# Changes made here are noticed at once; this is for changes that another replica made.
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class PolicyFeed:
    def __init__(
        self,
        store: AuthStore,
        poll_seconds: float = POLL_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._store = store
        self._poll_seconds = poll_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._policy = Policy(-1, (), ())
        self._check_time = float("-inf")
        self._nudged = asyncio.Event()
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
