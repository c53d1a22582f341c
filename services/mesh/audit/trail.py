"""The audit of one service: its ledger, its keys, its anchors, and who looks after them."""

import asyncio
from pathlib import Path

import structlog

from services.mesh.audit.anchors import Anchors
from services.mesh.audit.keys import AuditKeys
from services.mesh.audit.ledger import Ledger
from services.mesh.audit.unattributed import Unattributed
from services.mesh.clock import Clock
from services.mesh.database import Database

log = structlog.get_logger()

_SECONDS_BETWEEN_ANCHORS = 60.0


class AuditTrail:
    """Keys and anchors are kept in `folder`, outside of the database."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.keys = AuditKeys(folder / "audit-keys")
        self.anchors = Anchors(folder / "audit-anchors", self.keys)
        self.ledger = Ledger(database, self.keys)
        self.unattributed = Unattributed(self.ledger)
        self._anchoring = asyncio.Lock()

    def now_microseconds(self) -> int:
        return round(self.clock().timestamp() * 1_000_000)

    async def run(self) -> None:
        while True:
            await self.anchor()
            await asyncio.sleep(_SECONDS_BETWEEN_ANCHORS)

    async def close(self) -> None:
        """Anchors once more. A server that cannot must stop all the same."""
        try:
            await self.anchor()
        except Exception:
            log.exception("the audit chains could not be anchored at the end")

    async def anchor(self) -> None:
        """Writes down what was counted, and every head outside of the database."""
        async with self._anchoring:
            self.keys.refresh()
            await self.unattributed.flush()
            heads = await self.ledger.heads()
            await asyncio.to_thread(self.anchors.write, heads, self.now_microseconds())
