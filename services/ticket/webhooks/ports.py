"""What webhooks need kept."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId
from services.ticket.domain import Comment, TicketEvent
from services.ticket.webhooks.model import Delivery, SealedSecrets, Target, Webhook


@dataclass(frozen=True)
class Period:
    """Of events: from one time up to, and without, another."""

    from_time: datetime | None = None
    until_time: datetime | None = None


class Webhooks(Protocol):
    """Those of one tenant, in one transaction."""

    async def add(self, webhook: Webhook, secrets: SealedSecrets) -> None:
        """Its place is at the end of the log."""
        ...

    async def list_all(self) -> list[tuple[Webhook, SealedSecrets]]:
        """Oldest first."""
        ...

    async def find(self, webhook_id: str) -> tuple[Webhook, SealedSecrets] | None: ...

    async def find_to_change(self, webhook_id: str) -> tuple[Webhook, SealedSecrets] | None:
        """Lets nobody else change it until the end."""
        ...

    async def put(self, webhook: Webhook, secrets: SealedSecrets) -> None: ...

    async def remove(self, webhook_id: str) -> None:
        """With its deliveries."""
        ...

    async def add_delivery(self, delivery: Delivery) -> None: ...

    async def list_deliveries(
        self, webhook_id: str, *, limit: int, before_id: str | None
    ) -> list[Delivery]:
        """Newest first."""
        ...

    async def replay(self, webhook_id: str, delivery_id: str, now: datetime) -> bool:
        """Whether there is such a delivery."""
        ...

    async def replay_all(
        self, webhook_id: str, period: Period, now: datetime, *, include_delivered: bool
    ) -> int:
        """Returns how many wait again; those that wait already are none of them."""
        ...


class WebhookStore(Protocol):
    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Webhooks]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Webhooks]: ...


@dataclass(frozen=True)
class Happened:
    """An entry of the log, as far as a message tells of it."""

    event: TicketEvent
    ticket_number: int
    comment: Comment | None = None


@dataclass(frozen=True)
class Behind:
    """A webhook for which the log has something new."""

    tenant_id: TenantId
    webhook_id: str


class WebhookLog(Protocol):
    async def list_behind(self, limit: int) -> list[Behind]:
        """Of all tenants."""
        ...

    async def spread(self, behind: Behind, now: datetime) -> int:
        """Makes deliveries of what comes next, and moves the webhook's place, or neither.

        Returns how many entries of the log it went on.
        """
        ...


class DeliveryQueue(Protocol):
    async def list_targets(self, now: datetime, limit: int) -> list[Target]:
        """Of all tenants, those with something to be sent now; those that work come first."""
        ...

    async def claim(
        self, target: Target, now: datetime, until: datetime, limit: int
    ) -> list[Delivery]:
        """The next ones, which others see again at `until`; their tries count this one."""
        ...

    async def find_happened(self, target: Target, delivery: Delivery) -> Happened | None:
        """None where nothing is left, or the webhook may not be told."""
        ...

    async def keep(self, target: Target, delivery: Delivery, webhook: Webhook) -> None:
        """Keeps what came of a try. When the webhook has failed, others that ask hear of it."""
        ...

    async def prune(self, before: datetime) -> None:
        """Forgets the deliveries of events from before then."""
        ...
