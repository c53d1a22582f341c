"""The current policy, kept in memory and handed to everyone who listens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import structlog

from services.auth.domain import REVOCATION_MEMORY, Policy
from services.auth.policy_news import PolicyNews
from services.auth.policy_seal import PolicyAltered
from services.auth.ports import AuthStore, Directory
from services.mesh.clock import Clock, utc_now
from services.mesh.errors import PolicyUnavailable, Unavailable

# Changes made here are noticed at once; this is for changes that another replica made.
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 10.0
# How often the rules are held against their seal although nothing says that they have changed.
PROOF_SECONDS = 30.0

_log = structlog.get_logger(__name__)


class PolicyFeed:
    def __init__(
        self,
        store: AuthStore,
        news: PolicyNews,
        *,
        poll_seconds: float = POLL_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        proof_seconds: float = PROOF_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Clock = utc_now,
    ) -> None:
        """Looks at the database at once when there are `news`, and every few moments anyway."""
        self._store = store
        self._poll_seconds = poll_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._proof_seconds = proof_seconds
        self._next_proof = float("-inf")
        self._is_altered = False
        self._monotonic = monotonic
        self._clock = clock
        self._policy: Policy | None = None
        self._check_time = float("-inf")
        self._news = news
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
                await self._news.wait(self._poll_seconds)
        finally:
            self._is_closed = True
            async with self._changed:
                self._changed.notify_all()

    async def current(self) -> Policy:
        """The policy of this moment, read again only when its version is another one."""
        async with self._one_at_a_time:
            known = self._policy
            async with self._store.reading_directory() as directory:
                policy = await self._read(directory, known)
            self._check_time = self._monotonic()
            self._news.forget(policy.rules_version)
            if policy is not known:
                async with self._changed:
                    self._policy = policy
                    self._changed.notify_all()
            return policy

    async def _read(self, directory: Directory, known: Policy | None) -> Policy:
        version = await directory.policy_version()
        is_due = self._monotonic() >= self._next_proof
        if known is not None and known.version == version and not is_due:
            return known
        ended_since = self._clock() - REVOCATION_MEMORY
        try:
            # When it is due, everything is read again, whether it says to have changed or not.
            keep_rules = self._is_altered and not is_due
            found = await directory.policy(
                ended_since,
                None if is_due else known,
                keep_rules=keep_rules,
                touched=self._news.touched,
            )
            if known is not None and found.version < known.version:
                raise PolicyAltered("the version went back")
        except PolicyAltered as error:
            self._next_proof = self._monotonic() + self._proof_seconds
            return await self._in_spite(error, directory, known)
        if is_due:
            self._next_proof = self._monotonic() + self._proof_seconds
            self._is_altered = False
        is_same = known is not None and (found.version, found.rules_version) == (
            known.version,
            known.rules_version,
        )
        return known if known is not None and is_same else found

    async def _in_spite(
        self, error: PolicyAltered, directory: Directory, known: Policy | None
    ) -> Policy:
        """The last good rules, with the sessions that have ended since."""
        if not self._is_altered:
            _log.error("policy_altered", error=str(error), kept_version=known and known.version)
        self._is_altered = True
        if known is None:
            raise PolicyUnavailable("The access policy is not what auth has written.")
        if await directory.policy_version() <= known.version:
            return known
        ended_since = self._clock() - REVOCATION_MEMORY
        return await directory.policy(ended_since, known, keep_rules=True)

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
