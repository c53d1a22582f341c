"""A tenant with a routing policy, a clock set by hand, and a router that works when it is told."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import Clock
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.domain import Ticket, TicketContent, TicketEvent, TicketPriority
from services.ticket.engines.dispatching import Dispatcher, Router
from services.ticket.engines.in_process import InProcessEngine
from services.ticket.engines.performing import Performer
from services.ticket.ports.routing import Classifier, Engine, KeptStep, RoutingBooks
from services.ticket.ports.tickets import EventQuery
from services.ticket.routing.policy import RoutingAgent, RoutingPolicy
from services.ticket.sla.history import TURNS
from services.ticket.sla.policy import SlaPolicy, Targets
from services.ticket.store import (
    SqlOutbox,
    SqlRoutingBooks,
    SqlRoutingPolicies,
    SqlSlaPolicies,
    SqlTicketStore,
)
from services.ticket.use_cases import promising, queueing, staffing, ticketing
from services.ticket.use_cases.staffing import Explanation
from tests.ticket.builders import NOON, a_customer, an_agent
from tests.ticket.routing.keeps_queue import KeepsQueue

MakeEngine = Callable[[RoutingBooks, Performer, Clock], Engine]
ALEX, BIRGIT, CLARA = UserId("alex"), UserId("birgit"), UserId("clara")
AN_HOUR = SlaPolicy({TicketPriority.NORMAL: Targets(resolution=60)})


def agent(user_id: UserId, *queues: str, most_open: int = 10) -> RoutingAgent:
    return RoutingAgent(user_id, queues or ("general",), most_open)


class Parts(TypedDict, total=False):
    """What may be another than usual."""

    store: SqlTicketStore
    books: RoutingBooks
    outbox: SqlOutbox
    classifier: Classifier


class RoutingDesk:
    def __init__(
        self,
        database: Database,
        tenant_id: TenantId | None = None,
        *,
        make_engine: MakeEngine | None = None,
        **parts: Unpack[Parts],
    ) -> None:
        self.tenant_id = tenant_id or TenantId(new_id())
        self.time = NOON
        self.store = parts.get("store") or SqlTicketStore(database)
        self.policies = SqlRoutingPolicies(database)
        self.promises = SqlSlaPolicies(database)
        self.books = parts.get("books") or SqlRoutingBooks(database)
        self.outbox = parts.get("outbox") or SqlOutbox(database)
        classifier = parts.get("classifier") or KeepsQueue()
        self.performer = Performer(self.store, self.books, self.policies, classifier)
        make_engine = make_engine or InProcessEngine
        self.engine: Engine = make_engine(self.books, self.performer, self.now)
        self.dispatcher = Dispatcher(self.outbox, self.books, self.engine, self.now)
        self.router = Router(self.dispatcher, self.engine, self.store, self.now, 0.05)
        self.anna: Caller = a_customer(tenant_id=self.tenant_id)
        self.boss: Caller = an_agent(UserId("boss"), self.tenant_id)

    def now(self) -> datetime:
        return self.time

    def at(self, minutes: float) -> None:
        """Since noon, when all begins."""
        self.time = NOON + timedelta(minutes=minutes)

    async def settle(self, minutes: float | None = None) -> None:
        """Works until there is nothing to do."""
        if minutes is not None:
            self.at(minutes)
            await self.pass_time()
        while await self.router.work() or await self.is_busy():
            pass

    async def pass_time(self) -> None:
        """Where timers do not go by the clock that is set by hand."""

    async def is_busy(self) -> bool:
        """Whether something is under way elsewhere."""
        return False

    async def has(self, *agents: RoutingAgent, **policy: object) -> None:
        kept = RoutingPolicy(agents, **policy)  # type: ignore[arg-type]
        with acting_as(self.boss):
            await staffing.set_routing_policy(self.policies, self.store, self.now, kept)

    async def promises_an_hour(self) -> None:
        with acting_as(self.boss):
            await promising.set_policy(self.promises, self.now, AN_HOUR)

    async def queue(self, name: str) -> None:
        with acting_as(self.boss):
            await queueing.create_queue(self.store, self.now, name)

    async def opened(self, queue: str = "") -> Ticket:
        with acting_as(self.anna):
            content = TicketContent("No Wi-Fi", "Gone.", queue=queue)
            return await ticketing.open_ticket(self.store, self.now, content)

    async def opened_and_routed(self, queue: str = "") -> Ticket:
        ticket = await self.opened(queue)
        await self.settle()
        return await self.get(ticket)

    async def get(self, ticket: Ticket) -> Ticket:
        with acting_as(self.boss):
            return await ticketing.get_ticket(self.store, ticket.ticket_id)

    async def given_first(self, *tickets: Ticket) -> list[Ticket]:
        """Those that somebody has before those that nobody has."""
        found = [await self.get(ticket) for ticket in tickets]
        return sorted(found, key=lambda ticket: ticket.assignee_id is None)

    async def assigned(self, ticket: Ticket, user_id: str) -> None:
        with acting_as(self.boss):
            await ticketing.assign_ticket(self.store, self.now, ticket.ticket_id, user_id, "")

    async def resolved(self, ticket: Ticket) -> None:
        with acting_as(self.boss):
            await ticketing.resolve_ticket(self.store, self.now, ticket.ticket_id, "")

    async def log(self, ticket: Ticket) -> list[TicketEvent]:
        query = EventQuery(limit=1_000, ticket_id=ticket.ticket_id, with_internal=True)
        async with self.store.reading(self.tenant_id) as tickets:
            return await tickets.list_events(query)

    async def explained(self, ticket: Ticket) -> Explanation:
        with acting_as(self.boss):
            return await staffing.explain_routing(self.store, self.books, ticket.ticket_id)

    async def steps(self, ticket: Ticket) -> list[str]:
        return [_word(step) for step in (await self.explained(ticket)).steps]

    async def effects(self, tickets: Sequence[Ticket]) -> list[Counter[str]]:
        """Of each ticket what its log holds that nobody did, without the turns of clocks."""
        return [
            Counter(
                event.kind
                for event in await self.log(ticket)
                if not event.actor_id and event.kind not in TURNS
            )
            for ticket in tickets
        ]


def _word(step: KeptStep) -> str:
    return step.waiting or step.kind
