"""A tenant with tickets, webhooks, and somebody who sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from ssl import SSLContext

from services.mesh.caller import TenantId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.outbound import Outbound, OutboundRules, Resolve
from services.ticket.domain import Comment, Ticket, TicketContent
from services.ticket.store import (
    SqlDeliveryQueue,
    SqlTicketStore,
    SqlWebhookLog,
    SqlWebhookStore,
)
from services.ticket.use_cases import ticketing
from services.ticket.webhooks import keeping
from services.ticket.webhooks.keeping import WebhookDesk
from services.ticket.webhooks.model import Delivery, Webhook
from services.ticket.webhooks.sender import Sender
from tests.ticket.builders import an_agent
from tests.ticket.clients import SEALER
from tests.ticket.webhooks.receiver import to_loopback

LOOPBACK = OutboundRules((ip_network("127.0.0.0/8"),))


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class House:
    database: Database
    tenant_id: TenantId
    clock: Clock = field(default_factory=Clock)
    rules: OutboundRules = LOOPBACK

    @property
    def store(self) -> SqlTicketStore:
        return SqlTicketStore(self.database)

    @property
    def desk(self) -> WebhookDesk:
        return WebhookDesk(SqlWebhookStore(self.database), SEALER, self.rules, self.clock)

    def sender(
        self, trust: SSLContext | None = None, resolve: Resolve = to_loopback, seconds: float = 5
    ) -> Sender:
        return Sender(
            SqlWebhookLog(self.database),
            SqlDeliveryQueue(self.database),
            Outbound(self.rules, resolve, trust, seconds),
            SEALER,
            self.clock,
        )

    @contextmanager
    def acting(self) -> Iterator[None]:
        with acting_as(an_agent(tenant_id=self.tenant_id)):
            yield

    async def hooked(
        self, url: str, *event_types: str, personal_data: bool = False, internal: bool = False
    ) -> tuple[Webhook, str]:
        with self.acting():
            return await keeping.create_webhook(
                self.desk,
                url,
                event_types,
                "",
                include_personal_data=personal_data,
                include_internal=internal,
            )

    async def open(self, subject: str = "Printer") -> Ticket:
        with self.acting():
            content = TicketContent(subject=subject, body="It is out.")
            return await ticketing.open_ticket(self.store, self.clock, content)

    async def write(self, ticket: Ticket, body: str, *, is_internal: bool = False) -> Comment:
        with self.acting():
            return await ticketing.add_comment(
                self.store, self.clock, ticket.ticket_id, body, is_internal=is_internal
            )

    async def deliveries(self, webhook: Webhook) -> list[Delivery]:
        with self.acting():
            return (await keeping.list_deliveries(self.desk, webhook.webhook_id, 100, ""))[0]

    async def webhook(self, webhook: Webhook) -> Webhook:
        with self.acting():
            return (await keeping.get_webhook(self.desk, webhook.webhook_id))[0]

    async def clear(self) -> None:
        """Others share the database, and their senders would find what is left."""
        with self.acting():
            for webhook, _ in await keeping.list_webhooks(self.desk):
                await keeping.delete_webhook(self.desk, webhook.webhook_id)
