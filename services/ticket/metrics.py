"""What waits to be told to others, in numbers."""

from services.mesh.clock import Clock
from services.mesh.metrics.families import Collector, Family, gauge
from services.ticket.ports import Outbox


def outbox_metrics(outbox: Outbox, clock: Clock) -> Collector:
    async def collect() -> list[Family]:
        backlog = await outbox.backlog()
        oldest = backlog.oldest_time
        return [
            gauge(
                "helpdesk_ticket_outbox_waiting_events",
                "Events that wait to be delivered.",
                backlog.events,
            ),
            gauge(
                "helpdesk_ticket_outbox_oldest_waiting_seconds",
                "How long the oldest of them has waited.",
                max((clock() - oldest).total_seconds(), 0.0) if oldest is not None else 0.0,
            ),
        ]

    return collect
