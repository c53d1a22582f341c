"""What looking into mailboxes needs kept: how far each was read, and what is to be tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId


@dataclass(frozen=True)
class Place:
    """All up to `last_uid` is settled but for what waits. UIDs mean nothing under another
    `uid_validity`."""

    tenant_id: TenantId
    mailbox: str
    uid_validity: int
    last_uid: int
    look_time: datetime


@dataclass(frozen=True)
class WaitingMail:
    uid: int
    tries: int


class MailboxPlaces(Protocol):
    async def find(self, tenant_id: TenantId, mailbox: str) -> Place | None: ...

    async def begin(self, place: Place, waiting: Sequence[int]) -> None:
        """Forgets whatever was known of the mailbox; these UIDs are due at once."""
        ...

    async def list_due(self, place: Place, now: datetime, limit: int) -> list[WaitingMail]:
        """In the order of their UIDs."""
        ...

    async def count_waiting(self, place: Place) -> int: ...

    async def settle(self, place: Place, uid: int) -> None:
        """Nothing more is to be done about it. Once others have begun anew, it means nothing."""
        ...

    async def put_off(
        self, place: Place, mail: WaitingMail, until: datetime, problem: str
    ) -> None: ...

    async def note_look(self, place: Place, time: datetime) -> None: ...
