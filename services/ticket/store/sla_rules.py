"""Policies with their open time laid out, kept for as long as a tenant does not set another."""

from collections import OrderedDict
from dataclasses import dataclass

import structlog
from sqlalchemy import bindparam, select

from services.mesh.caller import TenantId
from services.mesh.prepared import Prepared
from services.mesh.session import Session
from services.ticket.errors.sla import SlaTimeZoneUnknown
from services.ticket.sla.open_time import OpenTime
from services.ticket.sla.policy import SlaPolicy
from services.ticket.store.sla_rows import policy_from
from services.ticket.tables.tickets import SlaPolicyRow

_MOST = 500

_OWN = SlaPolicyRow.tenant_id == bindparam("own")
_WHICH = Prepared(lambda _: select(SlaPolicyRow.policy_id).where(_OWN))
_WHAT = Prepared(lambda _: select(SlaPolicyRow.policy_id, SlaPolicyRow.policy).where(_OWN))

log = structlog.get_logger()


@dataclass(frozen=True)
class SlaRules:
    policy: SlaPolicy
    open_time: OpenTime


class SlaRulebook:
    def __init__(self) -> None:
        self._by_policy: OrderedDict[str, SlaRules] = OrderedDict()

    def foresee(self, session: Session, tenant_id: TenantId) -> None:
        session.foresee(_WHICH, own=tenant_id)

    async def rules_of(self, session: Session, tenant_id: TenantId) -> SlaRules | None:
        """None where the tenant never set a policy. Each that is set has an id of its own."""
        policy_ids = await session.ask(_WHICH, own=tenant_id)
        if not policy_ids:
            return None
        [(policy_id,)] = policy_ids
        if policy_id not in self._by_policy:
            [(policy_id, written)] = await session.ask(_WHAT, own=tenant_id)
            policy = policy_from(written)
            try:
                self._by_policy[policy_id] = SlaRules(policy, OpenTime(policy.calendar))
            except SlaTimeZoneUnknown:
                # Another machine knew it. No ticket is refused because of that.
                log.exception("a time zone that was known is not", tenant_id=tenant_id)
                return None
            if len(self._by_policy) > _MOST:
                self._by_policy.popitem(last=False)
        return self._by_policy[policy_id]
