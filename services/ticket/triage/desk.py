"""What can be done with triage. A person's choice of queue always wins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId, UserId, current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.ticket.domain import (
    DEFAULT_QUEUE,
    Act,
    Ticket,
    TicketEventKind,
    TicketStatus,
)
from services.ticket.errors.queues import QueueNotFound
from services.ticket.errors.tickets import TicketNotFound
from services.ticket.ports.tickets import EventQuery, TicketReading, TicketStore, TicketWriting
from services.ticket.triage.bands import Band, bands_of
from services.ticket.triage.drift import RECENT, REFERENCE, Drift, drift_of
from services.ticket.triage.finding import (
    Correction,
    Finding,
    Outcome,
    Reading,
    Review,
    TriageSettings,
    outcome_of,
    require_label,
    routed,
    text_of,
)
from services.ticket.triage.lesson import Lesson
from services.ticket.triage.ports import Classifier, Judged, Triages, TriageStore
from services.ticket.triage.reading import read_tickets
from services.ticket.use_cases.ticketing import find_visible

NOBODY = UserId("")
_MOST_EVENTS = 1000


@dataclass(frozen=True)
class Desk:
    """What triage works with."""

    store: TicketStore
    triages: TriageStore
    classifier: Classifier
    clock: Clock

    async def read(self, tenant_id: TenantId, tickets: Sequence[Ticket]) -> list[Reading]:
        return await read_tickets(self.classifier, self.triages, tenant_id, tickets)


async def classify_ticket(desk: Desk, ticket_id: str) -> tuple[Finding, Ticket]:
    ticket, finding = await _look_up(desk, ticket_id)
    if finding is not None:
        return finding, ticket
    tenant_id = current_tenant()
    (reading,) = await desk.read(tenant_id, [ticket])
    return await settle(desk, tenant_id, ticket.ticket_id, reading)


async def settle(
    desk: Desk, tenant_id: TenantId, ticket_id: str, reading: Reading
) -> tuple[Finding, Ticket]:
    """Keeps what was found, unless somebody was faster, and moves the ticket where that is due."""
    now = desk.clock()
    async with (
        desk.store.transaction(tenant_id) as tickets,
        desk.triages.transaction(tenant_id) as kept,
    ):
        settings = await kept.find_settings()
        outcome = outcome_of(reading, settings.threshold)
        finding = Finding(ticket_id, outcome, reading, settings.threshold, now)
        queue = await _queue_for(tickets, settings, finding)
        ticket = await _lock(tickets, ticket_id)
        is_free = settings.enabled and await _nobody_chose(tickets, ticket)
        if is_free and outcome is not Outcome.CLASSIFIED:
            finding = replace(finding, needs_review=True)
        if not await kept.keep(finding):
            return await _found(kept, ticket_id), ticket
        if is_free and outcome is Outcome.CLASSIFIED:
            change = routed(ticket, queue, Act(NOBODY, now), _cause(finding))
            await tickets.keep(change)
            ticket = change.ticket
        return finding, ticket


async def correct_triage(desk: Desk, ticket_id: str, label: str) -> tuple[Finding, Ticket]:
    """What was not classified yet is now, so that the person's word can be held against it."""
    require_label("label", label)
    tenant_id, act = current_tenant(), Act(current_user(), desk.clock())
    ticket, finding = await _look_up(desk, ticket_id)
    if finding is None:
        (reading,) = await desk.read(tenant_id, [ticket])
    async with (
        desk.store.transaction(tenant_id) as tickets,
        desk.triages.transaction(tenant_id) as kept,
    ):
        settings = await kept.find_settings()
        queue = await _queue_of_label(tickets, settings, label)
        ticket = await _lock(tickets, ticket.ticket_id)
        if finding is None:
            outcome = outcome_of(reading, settings.threshold)
            late = Finding(ticket.ticket_id, outcome, reading, settings.threshold, act.time)
            finding = late if await kept.keep(late) else await _found(kept, ticket.ticket_id)
        review = Review(label, act.actor_id, act.time)
        await kept.review(ticket.ticket_id, review)
        await kept.add_correction(_correction(ticket, finding, label, act))
        if ticket.status is not TicketStatus.CLOSED:
            change = routed(ticket, queue, act, f"triage: {label}, said by a person")
            await tickets.keep(change)
            ticket = change.ticket
        return finding.reviewed(review), ticket


async def list_reviews(desk: Desk, limit: int) -> tuple[list[tuple[Finding, Ticket]], int]:
    """The first that wait for a person, and how many there are."""
    async with desk.triages.reading(current_tenant()) as kept:
        return await kept.list_reviews(limit), await kept.count_reviews()


async def get_settings(desk: Desk) -> TriageSettings:
    async with desk.triages.reading(current_tenant()) as kept:
        return await kept.find_settings()


async def set_settings(desk: Desk, settings: TriageSettings) -> TriageSettings:
    tenant_id = current_tenant()
    async with (
        desk.store.transaction(tenant_id) as tickets,
        desk.triages.transaction(tenant_id) as kept,
    ):
        wanted = set(settings.queues.values()) - {DEFAULT_QUEUE}
        missing = wanted - await tickets.hold_queues(wanted, to_delete=False)
        if missing:
            raise QueueNotFound(min(missing))
        await kept.keep_settings(settings)
    return settings


async def report_triage(desk: Desk) -> tuple[list[Band], list[Judged]]:
    async with desk.triages.reading(current_tenant()) as kept:
        judged = await kept.list_judged()
    return bands_of(judged), judged


async def find_lesson(desk: Desk) -> tuple[Lesson | None, int]:
    """What was learned of the tenant's corrections, and how many there are by now."""
    async with desk.triages.reading(current_tenant()) as kept:
        return await kept.find_lesson(), await kept.count_corrections()


async def find_drift(desk: Desk, tenant_id: TenantId) -> Drift:
    now = desk.clock()
    async with desk.triages.reading(tenant_id) as kept:
        return drift_of(await kept.list_found(now - RECENT - REFERENCE), now)


async def _look_up(desk: Desk, ticket_id: str) -> tuple[Ticket, Finding | None]:
    tenant_id = current_tenant()
    async with desk.store.reading(tenant_id) as tickets, desk.triages.reading(tenant_id) as kept:
        ticket = await find_visible(tickets, ticket_id)
        acts_on("ticket", ticket.ticket_id)
        return ticket, await kept.find(ticket.ticket_id)


async def _lock(tickets: TicketWriting, ticket_id: str) -> Ticket:
    ticket = await tickets.find_to_change(ticket_id)
    if ticket is None:
        raise TicketNotFound(ticket_id)
    return ticket


async def _queue_for(tickets: TicketWriting, settings: TriageSettings, finding: Finding) -> str:
    if finding.outcome is not Outcome.CLASSIFIED or finding.likeliest is None:
        return DEFAULT_QUEUE
    return await _queue_of_label(tickets, settings, finding.likeliest[0])


async def _queue_of_label(tickets: TicketWriting, settings: TriageSettings, label: str) -> str:
    """The queue may have been deleted since it was set; no ticket is lost for it."""
    queue = settings.queue_of(label)
    if queue == DEFAULT_QUEUE or queue in await tickets.hold_queues([queue], to_delete=False):
        return queue
    return DEFAULT_QUEUE


async def _nobody_chose(tickets: TicketReading, ticket: Ticket) -> bool:
    """Not even a person who moved the ticket back to where it was."""
    if ticket.queue != DEFAULT_QUEUE or ticket.status is TicketStatus.CLOSED:
        return False
    query = EventQuery(limit=_MOST_EVENTS, ticket_id=ticket.ticket_id, with_internal=True)
    return not any(
        event.kind is not TicketEventKind.OPENED and "queue" in event.changed_fields
        for event in await tickets.list_events(query)
    )


async def _found(kept: Triages, ticket_id: str) -> Finding:
    finding = await kept.find(ticket_id)
    if finding is None:
        raise TicketNotFound(ticket_id)
    return finding


def _cause(finding: Finding) -> str:
    label, probability = finding.likeliest or ("", 0.0)
    return f"triage: {label}, probability {probability:.2f}"


def _correction(ticket: Ticket, finding: Finding, label: str, act: Act) -> Correction:
    found_label, found_probability = finding.likeliest or ("", 0.0)
    return Correction(
        correction_id=new_id(),
        ticket_id=ticket.ticket_id,
        text=text_of(ticket),
        label=label,
        found_label=found_label,
        found_probability=found_probability,
        actor_id=act.actor_id,
        create_time=act.time,
    )
