"""A tenant with a policy, a clock set by hand, and a sweeper that runs when it is told to."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.mesh.caller import Caller, TenantId, acting_as
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.domain import Ticket, TicketContent, TicketEvent, TicketPriority
from services.ticket.ports.tickets import (
    EventQuery,
)
from services.ticket.sla.policy import SlaPolicy, Targets
from services.ticket.store import SqlSlaPolicies, SqlSlaSweep, SqlTicketStore
from services.ticket.sweeping import Sweeper
from services.ticket.use_cases import promising, ticketing
from tests.ticket.builders import NOON, a_customer, an_agent

AN_HOUR = SlaPolicy({TicketPriority.NORMAL: Targets(60, 60, 600)})
ONE_HOUR_TO_SOLVE = SlaPolicy({TicketPriority.NORMAL: Targets(resolution=60)})
TURNS = ["SLA_AMBER", "SLA_RED", "SLA_BREACHED"]


class LateDesk:
    def __init__(self, database: Database, tenant_id: TenantId | None = None) -> None:
        self.tenant_id = tenant_id or TenantId(new_id())
        self.time = NOON
        self.store = SqlTicketStore(database)
        self.policies = SqlSlaPolicies(database)
        self.sweeper = Sweeper(SqlSlaSweep(database, self.store), self.now, 0.05)
        self.anna: Caller = a_customer(tenant_id=self.tenant_id)
        self.alex: Caller = an_agent(tenant_id=self.tenant_id)

    def now(self) -> datetime:
        return self.time

    async def sweep_at(self, minutes: float) -> int:
        self.at(minutes)
        return await self.sweeper.sweep()

    def at(self, minutes: float) -> None:
        """Since noon, when all begins."""
        self.time = NOON + timedelta(minutes=minutes)

    async def promise(self, policy: SlaPolicy = AN_HOUR) -> None:
        with acting_as(self.alex):
            await promising.set_policy(self.policies, self.now, policy)

    async def opened(self) -> Ticket:
        with acting_as(self.anna):
            content = TicketContent("No Wi-Fi", "Gone.", TicketPriority.NORMAL)
            return await ticketing.open_ticket(self.store, self.now, content)

    async def written(self, ticket: Ticket, by: Caller, *, is_internal: bool = False) -> None:
        with acting_as(by):
            await ticketing.add_comment(
                self.store, self.now, ticket.ticket_id, "Hm.", is_internal=is_internal
            )

    async def log(self, ticket: Ticket) -> list[TicketEvent]:
        query = EventQuery(limit=1_000, ticket_id=ticket.ticket_id, with_internal=True)
        async with self.store.reading(self.tenant_id) as tickets:
            return await tickets.list_events(query)

    async def turns(self, ticket: Ticket) -> list[tuple[str, str, float]]:
        """Kind, clock and minutes since noon."""
        return [
            (event.kind, event.cause, (event.create_time - NOON) / timedelta(minutes=1))
            for event in await self.log(ticket)
            if event.kind in TURNS
        ]

    async def told_more_or_less_than_once(self, tickets: Sequence[Ticket]) -> list[Counter[str]]:
        counted = [Counter(kind for kind, *_ in await self.turns(each)) for each in tickets]
        return [count for count in counted if count != Counter(TURNS)]
