"""What the policy prohibits at the moment: tokens of ended sessions, and tenants that go."""

import time
from collections.abc import Callable

from services.mesh.caller import TenantId
from services.mesh.policy import Rule, ended_session

# A stream may run for an hour. The policy forgets a session sooner, when its tokens have expired,
# and a stream that was silent all the while would not have been told.
_MEMORY_SECONDS = 2 * 3600.0


class Revocations:
    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: dict[Rule, float] = {}
        self.prohibitions: frozenset[Rule] = frozenset()

    def install(self, prohibitions: frozenset[Rule]) -> None:
        now = self._monotonic()
        ended = (rule for rule in prohibitions - self.prohibitions if rule[0] == "s")
        self._seen.update(dict.fromkeys(ended, now))
        self.prohibitions = prohibitions
        self._forget(now - _MEMORY_SECONDS)

    @property
    def deleted_tenants(self) -> frozenset[TenantId]:
        return frozenset(
            TenantId(rule[1].removeprefix("t:")) for rule in self.prohibitions if rule[0] == "d"
        )

    def has_ended(self, tenant_id: str, session_id: str) -> bool:
        return ended_session(tenant_id, session_id) in self._seen

    def _forget(self, before: float) -> None:
        while self._seen:
            oldest = next(iter(self._seen))
            if self._seen[oldest] >= before or oldest in self.prohibitions:
                return
            del self._seen[oldest]
