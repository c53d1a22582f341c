"""The current policy, kept in memory and handed to everyone who listens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import structlog

from services.auth.domain import REVOCATION_MEMORY, Policy
from services.auth.ports import AuthStore
from services.mesh.clock import Clock, utc_now
from services.mesh.errors import Unavailable

# Changes made here are noticed at once; this is for changes that another replica made.
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class PolicyFeed:
    def __init__(
        self,
        store: AuthStore,
        nudged: asyncio.Event,
        *,
        poll_seconds: float = POLL_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Clock = utc_now,
    ) -> None:
        """Looks at the database at once when `nudged` is set, and every few moments anyway."""
        self._store = store
        self._poll_seconds = poll_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._monotonic = monotonic
        self._clock = clock
        self._policy: Policy | None = None
        self._check_time = float("-inf")
        self._nudged = nudged
        self._changed = asyncio.Condition()
        self._one_at_a_time = asyncio.Lock()
        self._is_closed = False

    async def run(self) -> None:
        """Looks again and again until it is cancelled; then all listeners end."""
        self._is_closed = False
        try:
            while True:
                try:
                    await self.current()
                except Unavailable as error:
                    _log.warning("policy_not_readable", error=error.message)
                await self._pause()
        finally:
            self._is_closed = True
            async with self._changed:
                self._changed.notify_all()

    async def current(self) -> Policy:
        """The policy of this moment, read again only when its version is another one."""
        async with self._one_at_a_time:
            async with self._store.reading_directory() as directory:
                version = await directory.policy_version()
                known = self._policy
                if known is not None and known.version == version:
                    policy = known
                else:
                    ended_since = self._clock() - REVOCATION_MEMORY
                    policy = await directory.policy(ended_since, known)
            self._check_time = self._monotonic()
            if policy is not known:
                async with self._changed:
                    self._policy = policy
                    self._changed.notify_all()
            return policy

    async def listen(self) -> AsyncIterator[Policy | None]:
        """The policy, then each new one; None when a while has passed without any.

        Stays silent rather than saying None while the database cannot be asked: whoever listens
        must not take an old policy for a current one.
        """
        sent: Policy | None = None
        while not self._is_closed:
            changed = await self._next_after(sent)
            if changed is not None:
                sent = changed
                yield changed
            elif sent is not None and self._is_fresh() and not self._is_closed:
                yield None

    async def _next_after(self, sent: Policy | None) -> Policy | None:
        try:
            async with asyncio.timeout(self._heartbeat_seconds), self._changed:
                await self._changed.wait_for(lambda: self._is_closed or self._policy is not sent)
        except TimeoutError:
            return None
        return self._policy if self._policy is not sent else None

    def _is_fresh(self) -> bool:
        return self._monotonic() - self._check_time < self._heartbeat_seconds

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._nudged.wait()
        except TimeoutError:
            return
        self._nudged.clear()
