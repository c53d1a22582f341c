"""Refusals of which no tenant is known. So many are written out; a flood of them is counted."""

from collections import Counter
from dataclasses import replace

from services.mesh.audit.ledger import NOBODY, Ledger
from services.mesh.audit.record import Content

# Whoever can reach the door can knock, and must not fill the disk by it.
WRITTEN_OUT_PER_MINUTE = 60


class Unattributed:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._written_out = 0
        self._counted: Counter[Content] = Counter()

    async def add(self, content: Content) -> None:
        if self._written_out < WRITTEN_OUT_PER_MINUTE:
            self._written_out += 1
            await self._ledger.append(NOBODY, content)
        else:
            self._counted[_alike(content)] += 1

    async def flush(self) -> None:
        """Writes a record for each sort of what was counted. Called once a minute."""
        self._written_out = 0
        counted, self._counted = self._counted, Counter()
        for content, count in counted.items():
            await self._ledger.append(NOBODY, replace(content, count=count))


def _alike(content: Content) -> Content:
    """What the calls that are counted as one have in common."""
    minute = content.at_microseconds // 60_000_000 * 60_000_000
    return replace(
        content,
        at_microseconds=minute,
        user_id="",
        session_id="",
        client_id="",
        resource_id="",
        request_id="",
        trace_id="",
    )
