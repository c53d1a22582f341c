"""How far each follower of the policy has come, so that a change can wait until it holds."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

_SECONDS_BETWEEN_LOOKS = 0.1

_log = structlog.get_logger(__name__)


class PolicyWatchers:
    """The followers of this process; those of another replica are not known here."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._versions: dict[str, int] = {}
        self._late: set[str] = set()
        self._moved = asyncio.Condition()

    @contextmanager
    def following(self, watch_id: str) -> Iterator[None]:
        """For as long as a stream is open. One without an id is never waited for."""
        if not watch_id:
            yield
            return
        self._versions[watch_id] = 0
        try:
            yield
        finally:
            self._versions.pop(watch_id, None)
            self._late.discard(watch_id)

    async def confirm(self, watch_id: str, version: int) -> None:
        """What the follower decides by from now on is this version, or a later one."""
        if watch_id not in self._versions:
            return
        async with self._moved:
            self._versions[watch_id] = max(version, self._versions[watch_id])
            self._late.discard(watch_id)
            self._moved.notify_all()

    async def settled(self, version: int, seconds: float) -> bool:
        """Waits until all who follow decide by this version; false when the time was up before.

        Whoever let that happen is not waited for again until it confirms something: one follower
        that hangs may hold up one change, and not all that come after.
        """
        try:
            async with asyncio.timeout(seconds), self._moved:
                while self._behind(version):
                    await self._look_again()
        except TimeoutError:
            behind = self._behind(version)
            self._late |= behind
            _log.warning("policy_not_settled", version=version, followers=len(behind))
            return not behind
        return True

    async def _look_again(self) -> None:
        # A follower that has gone tells nobody.
        try:
            async with asyncio.timeout(_SECONDS_BETWEEN_LOOKS):
                await self._moved.wait()
        except TimeoutError:
            return

    def _behind(self, version: int) -> set[str]:
        reached = {name for name, held in self._versions.items() if held >= version}
        return self._versions.keys() - reached - self._late
