"""The workflow of one ticket: asks what is next, does it, waits, asks again.

It holds ids alone and decides nothing. A change of what it does goes behind `workflow.patched`, and
the histories in tests/ticket/routing/histories must still replay.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from temporalio import workflow
from temporalio.common import RetryPolicy

TASK_QUEUE = "helpdesk-ticket-routing"
ACTIVITY = "perform"
SIGNAL = "ticket_changed"
CLASSIFY, WAIT, DONE = "CLASSIFY", "WAIT", "DONE"

_ATTEMPT = timedelta(seconds=10)
_RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)
)
# The clock of whoever performs may go behind the server's.
_SHORTEST_WAIT = timedelta(milliseconds=100)


@dataclass(frozen=True)
class Order:
    """A step to be done to a ticket; an empty one is whatever is next."""

    tenant_id: str
    ticket_id: str
    step: str = ""


@dataclass(frozen=True)
class Outcome:
    """The next step, and when to ask again at the latest."""

    step: str
    time: str | None = None


def workflow_id(tenant_id: str, ticket_id: str) -> str:
    """Tells nobody whose ticket it is."""
    named = "\0".join(("helpdesk.ticket.routing.v1", tenant_id, ticket_id))
    return f"ticket-routing-{sha256(named.encode()).hexdigest()}"


@workflow.defn(name="RouteTicket")
class RouteTicket:
    def __init__(self) -> None:
        self._changes = 0

    @workflow.run
    async def run(self, order: Order) -> None:
        step = order.step
        while True:
            seen = self._changes
            outcome = await workflow.execute_activity(
                ACTIVITY,
                Order(order.tenant_id, order.ticket_id, step),
                result_type=Outcome,
                start_to_close_timeout=_ATTEMPT,
                retry_policy=_RETRIES,
            )
            if outcome.step == DONE:
                return
            step = outcome.step
            if step == WAIT:
                step = ""
                await self._wait(seen, outcome.time)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(Order(order.tenant_id, order.ticket_id, step))

    @workflow.signal(name=SIGNAL)
    def ticket_changed(self) -> None:
        self._changes += 1

    async def _wait(self, seen: int, time: str | None) -> None:
        timeout = None
        if time is not None:
            timeout = max(datetime.fromisoformat(time) - workflow.now(), _SHORTEST_WAIT)
        try:
            await workflow.wait_condition(lambda: self._changes != seen, timeout=timeout)
        except TimeoutError:
            return
