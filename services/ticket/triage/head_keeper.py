"""Gives tenants heads of their own, once people have corrected enough."""

import asyncio
from collections.abc import Sequence

import structlog

from services.mesh.caller import TenantId
from services.ticket.triage.desk import Desk
from services.ticket.triage.finding import Correction
from services.ticket.triage.labels import LABELS
from services.ticket.triage.learning import LEAST_TICKETS, MOST_TICKETS, Taught, learn
from services.ticket.triage.lesson import Lesson
from services.ticket.triage.ports import TriageTenants

_BETWEEN_LOOKS = 60.0
# Few enough for tickets that are waiting to be classified in between.
_BATCH = 16
# By this much more must have been corrected before it is learned anew.
_GROWTH = 1.1

log = structlog.get_logger()


class HeadKeeper:
    """A background job. What it is killed over it begins anew: a lesson is kept as a whole."""

    def __init__(self, desk: Desk, tenants: TriageTenants) -> None:
        self._desk = desk
        self._tenants = tenants

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(_BETWEEN_LOOKS)

    async def look(self) -> None:
        for tenant_id in await self._tenants.list_enabled():
            await self.learn_for(tenant_id)

    async def learn_for(self, tenant_id: TenantId) -> bool:
        """Returns whether it was time to."""
        async with self._desk.triages.reading(tenant_id) as kept:
            count = await kept.count_corrections()
            if count < LEAST_TICKETS:
                return False
            lesson = await kept.find_lesson()
            newest = await kept.list_corrections(1)
        (reading,) = await self._desk.classifier.classify([newest[0].text])
        model = reading.model
        if lesson is not None and not _is_due(lesson, model, count):
            return False
        async with self._desk.triages.reading(tenant_id) as kept:
            corrections = await kept.list_corrections(MOST_TICKETS)
        taught = await self._read(corrections)
        if len(taught) < LEAST_TICKETS:
            return False
        learned = await asyncio.to_thread(learn, taught)
        lesson = Lesson(model, count, learned, self._desk.clock())
        async with self._desk.triages.transaction(tenant_id) as kept:
            await kept.keep_lesson(lesson)
        log.info(
            "learned from a tenant's corrections",
            tenant_id=tenant_id,
            tickets=learned.tickets,
            model_right=learned.model_right,
            head_right=learned.head_right,
            is_used=learned.head is not None,
        )
        return True

    async def _read(self, corrections: Sequence[Correction]) -> list[Taught]:
        """What was said last of each ticket, where it is a label of the model's still."""
        last = {each.ticket_id: each for each in corrections if each.label in LABELS}
        taught = []
        rows = list(last.values())
        for first in range(0, len(rows), _BATCH):
            batch = rows[first : first + _BATCH]
            readings = await self._desk.classifier.classify([each.text for each in batch])
            taught += [
                Taught(each.text, reading.probabilities, each.label)
                for each, reading in zip(batch, readings, strict=True)
                if reading.probabilities
            ]
        return taught


def _is_due(lesson: Lesson, model: str, corrections: int) -> bool:
    return lesson.model != model or corrections >= lesson.corrections * _GROWTH
