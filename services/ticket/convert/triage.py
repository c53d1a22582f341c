"""Messages of triage ↔ domain, both directions side by side."""

from helpdesk.ticket.v1 import triage_service_pb2
from services.ticket.domain import Ticket
from services.ticket.triage.bands import Band
from services.ticket.triage.drift import Drift
from services.ticket.triage.finding import (
    USUAL_THRESHOLD,
    Finding,
    TriageSettings,
    queues_by_label,
)
from services.ticket.triage.labels import LABELS
from services.ticket.triage.learning import LEAST_TICKETS
from services.ticket.triage.lesson import Lesson

_SHOWN_CANDIDATES = 3
_EXCERPT = 500


def triage_message(finding: Finding, ticket: Ticket) -> triage_service_pb2.Triage:
    reading = finding.reading
    message = triage_service_pb2.Triage(
        ticket_id=finding.ticket_id,
        ticket_number=ticket.number,
        subject=ticket.subject,
        excerpt=ticket.body[:_EXCERPT],
        queue=ticket.queue,
        outcome=triage_service_pb2.TriageOutcome.Value(f"TRIAGE_OUTCOME_{finding.outcome.name}"),
        candidates=[
            triage_service_pb2.TriageCandidate(label=label, probability=probability)
            for label, probability in finding.ranked[:_SHOWN_CANDIDATES]
        ],
        out_of_scope=reading.out_of_scope,
        threshold=finding.threshold,
        model=reading.model,
        needs_review=finding.needs_review,
    )
    message.classify_time.FromDatetime(finding.time)
    if finding.review is not None:
        message.correct_label = finding.review.label
        message.reviewer_id = finding.review.reviewer_id
        message.review_time.FromDatetime(finding.review.time)
    return message


def settings_of(message: triage_service_pb2.TriageSettings) -> TriageSettings:
    return TriageSettings(
        enabled=message.enabled,
        threshold=message.threshold or USUAL_THRESHOLD,
        queues=queues_by_label([(each.label, each.queue) for each in message.queues]),
    )


def settings_message(settings: TriageSettings) -> triage_service_pb2.TriageSettings:
    message = triage_service_pb2.TriageSettings(
        enabled=settings.enabled,
        threshold=settings.threshold,
        queues=[
            triage_service_pb2.TriageQueue(label=label, queue=queue)
            for label, queue in sorted(settings.queues.items())
        ],
        labels=LABELS,
    )
    if settings.update_time is not None:
        message.update_time.FromDatetime(settings.update_time)
    return message


def band_message(band: Band) -> triage_service_pb2.TriageBand:
    return triage_service_pb2.TriageBand(
        from_probability=band.from_probability,
        until_probability=band.until_probability,
        tickets=band.tickets,
        reviewed=band.reviewed,
        right=band.right,
    )


def drift_message(drift: Drift) -> triage_service_pb2.TriageDrift:
    return triage_service_pb2.TriageDrift(
        reference_tickets=drift.reference_tickets,
        reference_accepted=drift.reference_accepted,
        recent_tickets=drift.recent_tickets,
        recent_accepted=drift.recent_accepted,
        enough=drift.is_enough,
        accepted_z=drift.z,
        accepted_drifting=drift.is_accepted_drifting,
        queues=[
            triage_service_pb2.TriageQueueShare(
                queue=each.queue, reference=each.reference, recent=each.recent
            )
            for each in drift.queues
        ],
        queues_index=drift.index,
        queues_limit=drift.index_limit,
        queues_drifting=drift.are_queues_drifting,
    )


def head_message(lesson: Lesson | None, corrections: int) -> triage_service_pb2.TriageHead:
    message = triage_service_pb2.TriageHead(corrections=corrections, least_tickets=LEAST_TICKETS)
    if lesson is not None:
        message.tickets = lesson.learned.tickets
        message.model_right = lesson.learned.model_right
        message.head_right = lesson.learned.head_right
        message.in_use = lesson.learned.head is not None
        message.train_time.FromDatetime(lesson.time)
    return message
