"""Keeps calls that are still running from writing to a tenant that is being purged."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.mesh.errors import TokenInvalid


class ClosedTenants:
    def __init__(self) -> None:
        self._closed: set[str] = set()
        self._inside: Counter[str] = Counter()
        self._left = asyncio.Condition()

    @asynccontextmanager
    async def visit(self, tenant_id: str) -> AsyncIterator[None]:
        """Raises TokenInvalid for a closed one: nobody's token is good for it any more."""
        if tenant_id in self._closed:
            raise TokenInvalid("The session of this token has ended.")
        self._inside[tenant_id] += 1
        try:
            yield
        finally:
            self._inside[tenant_id] -= 1
            if not self._inside[tenant_id]:
                del self._inside[tenant_id]
            if tenant_id in self._closed:
                async with self._left:
                    self._left.notify_all()

    async def close(self, tenant_id: str) -> None:
        """Returns once the last visitor has left. Ids are never used again, so it is for good."""
        self._closed.add(tenant_id)
        async with self._left:
            await self._left.wait_for(lambda: not self._inside[tenant_id])
