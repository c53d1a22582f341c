"""What waits to be told to others, mailboxes, and the drift of triage, in numbers."""

from collections.abc import Callable, Sequence

from services.mesh.clock import Clock
from services.mesh.metrics.families import Collector, Family, Kind, Sample, gauge
from services.ticket.mail.polling import Health, Poller
from services.ticket.ports.tickets import Outbox
from services.ticket.triage.drift_watch import DriftWatch, Measure


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


def drift_metrics(watch: DriftWatch) -> Collector:
    async def collect() -> list[Family]:
        samples = [
            Sample(watch.count(measure), (("measure", measure.value),)) for measure in Measure
        ]
        meaning = "Tenants for whom what triage finds is no longer as it was."
        return [Family("helpdesk_ticket_triage_drifting_tenants", Kind.GAUGE, meaning, samples)]

    return collect


def mailbox_metrics(pollers: Sequence[Poller], clock: Clock) -> Collector:
    def family(kind: Kind, name: str, meaning: str, value: Callable[[Health], float]) -> Family:
        samples = [
            Sample(value(poller.health), (("mailbox", poller.address),)) for poller in pollers
        ]
        return Family(f"helpdesk_ticket_mailbox_{name}", kind, meaning, samples)

    async def collect() -> list[Family]:
        now = clock()
        return [
            family(
                Kind.GAUGE,
                "failures",
                "Looks that failed since the last one that went well.",
                lambda health: health.failures,
            ),
            family(
                Kind.GAUGE,
                "last_look_seconds",
                "How long ago the last look was that went well; -1 before the first.",
                lambda health: (now - health.look_time).total_seconds() if health.look_time else -1,
            ),
            family(
                Kind.GAUGE,
                "waiting_mails",
                "Mails that were put off and are tried again.",
                lambda health: health.waiting,
            ),
            family(
                Kind.COUNTER,
                "set_aside_mails_total",
                "Mails that could not be filed and were moved aside.",
                lambda health: health.set_aside,
            ),
        ]

    return collect
