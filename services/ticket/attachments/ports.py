"""What files need fulfilled: a place that keeps bytes by what they are."""

from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.mesh.caller import TenantId
from services.ticket.domain import AttachmentLimits


class Incoming(Protocol):
    """Bytes that come; nobody else sees them before they are kept."""

    @property
    def size_bytes(self) -> int: ...

    async def add(self, piece: bytes) -> None: ...

    async def keep(self) -> str:
        """Returns their SHA-256 once they are where a crash leaves them."""
        ...


class ByteStore(Protocol):
    """Of each tenant by itself: whether one has the same bytes says nothing to another.

    Every method raises StorageUnavailable when the disk is full or away.
    """

    def incoming(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Incoming]:
        """What is not kept by the end of the block is thrown away."""
        ...

    async def has(self, tenant_id: TenantId, sha256: str) -> bool: ...

    def read(self, tenant_id: TenantId, sha256: str) -> AsyncIterator[bytes]:
        """Piece by piece."""
        ...

    async def list_tenants(self) -> list[TenantId]: ...

    async def drop_abandoned(self, tenant_id: TenantId, age_seconds: float) -> int:
        """Throws away what came in and was not kept for so long; returns how many there were."""
        ...

    async def list_kept(self, tenant_id: TenantId, age_seconds: float) -> list[str]:
        """Returns the SHA-256 of all that was kept at least so long ago."""
        ...

    async def drop(self, tenant_id: TenantId, hashes: Collection[str]) -> None: ...

    async def forget(self, tenant_id: TenantId) -> None:
        """Drops all that the tenant has."""


@dataclass(frozen=True)
class Cabinet:
    """Where files are, and which of them there may be."""

    files: ByteStore
    limits: AttachmentLimits
