"""What the model says of tickets, and what their tenant's own head makes of it."""

from collections.abc import Sequence
from dataclasses import replace

from services.mesh.caller import TenantId
from services.ticket.domain import Ticket
from services.ticket.triage.finding import Reading, text_of
from services.ticket.triage.lesson import Lesson
from services.ticket.triage.ports import Classifier, TriageStore


async def read_tickets(
    classifier: Classifier, triages: TriageStore, tenant_id: TenantId, tickets: Sequence[Ticket]
) -> list[Reading]:
    texts = [text_of(ticket) for ticket in tickets]
    readings = await classifier.classify(texts)
    async with triages.reading(tenant_id) as kept:
        lesson = await kept.find_lesson()
    if lesson is None:
        return readings
    return [
        _with_head(reading, lesson, text) for reading, text in zip(readings, texts, strict=True)
    ]


def _with_head(reading: Reading, lesson: Lesson, text: str) -> Reading:
    """A head stands on the model that it was learned with, and on no other."""
    head = lesson.learned.head
    if head is None or reading.model != lesson.model or not reading.probabilities:
        return reading
    return replace(
        reading,
        model=f"{reading.model}+{head.name}",
        probabilities=head.probabilities(text, reading.probabilities),
    )
