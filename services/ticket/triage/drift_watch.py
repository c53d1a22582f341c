"""Says so when what triage finds for a tenant is no longer as it was."""

import asyncio
from enum import StrEnum

import structlog

from services.mesh.caller import TenantId
from services.ticket.triage.desk import Desk, find_drift
from services.ticket.triage.drift import Drift
from services.ticket.triage.ports import TriageTenants

_BETWEEN_LOOKS = 3600.0

log = structlog.get_logger()


class Measure(StrEnum):
    ACCEPTED = "accepted"
    QUEUES = "queues"


class DriftWatch:
    """A background job; warns once of a tenant and a measure, until it has gone over."""

    def __init__(self, desk: Desk, tenants: TriageTenants) -> None:
        self._desk = desk
        self._tenants = tenants
        self._drifting: set[tuple[TenantId, Measure]] = set()

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(_BETWEEN_LOOKS)

    async def look(self) -> None:
        drifting: set[tuple[TenantId, Measure]] = set()
        for tenant_id in await self._tenants.list_enabled():
            drift = await find_drift(self._desk, tenant_id)
            found = {(tenant_id, measure) for measure in _measures(drift)}
            for _, measure in sorted(found - self._drifting):
                _warn(tenant_id, measure, drift)
            drifting |= found
        self._drifting = drifting

    def count(self, measure: Measure) -> int:
        """Returns for how many tenants it drifts, by the last look."""
        return sum(1 for _, own in self._drifting if own is measure)


def _measures(drift: Drift) -> list[Measure]:
    drifts = {
        Measure.ACCEPTED: drift.is_accepted_drifting,
        Measure.QUEUES: drift.are_queues_drifting,
    }
    return [measure for measure, is_drifting in drifts.items() if is_drifting]


def _warn(tenant_id: TenantId, measure: Measure, drift: Drift) -> None:
    log.warning(
        "what triage finds is no longer as it was",
        tenant_id=tenant_id,
        measure=measure,
        z=round(drift.z, 2),
        index=round(drift.index, 3),
    )
