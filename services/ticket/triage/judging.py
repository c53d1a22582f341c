"""Triage as the routing of tickets asks for it: what a ticket is about, before who gets it."""

from services.mesh.caller import TenantId
from services.ticket.domain import Ticket
from services.ticket.ports.routing import Settling
from services.ticket.triage.desk import Desk, settle
from services.ticket.triage.finding import Finding


class TriageJudge:
    """Looks at the tickets that wait for it, and leaves all others where they are."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def judge(self, tenant_id: TenantId, ticket: Ticket) -> Settling:
        async with self._desk.triages.reading(tenant_id) as kept:
            waits = await kept.is_waiting(ticket.ticket_id)
        if not waits:
            return _stays
        (reading,) = await self._desk.read(tenant_id, [ticket])

        async def settling() -> str:
            finding, after = await settle(self._desk, tenant_id, ticket.ticket_id, reading)
            return _reason(finding, after)

        return settling


async def _stays() -> str:
    return "it stays in the queue in which it was opened"


def _reason(finding: Finding, ticket: Ticket) -> str:
    found = finding.outcome.name.lower().replace("_", " ")
    if finding.likeliest is not None:
        label, probability = finding.likeliest
        found = f"{found}, {label} at {probability:.2f}"
    asks = "; a person is asked" if finding.needs_review else ""
    return f"triage: {found}; it is in the queue {ticket.queue}{asks}"
