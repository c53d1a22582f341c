"""What waits in the outbox comes to the engine, and what fails on the way waits on, alone."""

from collections.abc import Collection, Sequence
from datetime import datetime

import pytest

from services.mesh.caller import TenantId
from services.mesh.clock import utc_now
from services.mesh.errors import StorageUnavailable
from services.ticket.domain import TicketEventKind
from services.ticket.engines.dispatching import Dispatcher
from services.ticket.ports.routing import OutboxItem

ACME = TenantId("acme")
GLOBEX = TenantId("globex")


class Outbox:
    def __init__(self, *items: OutboxItem) -> None:
        self.waiting = [*items]

    async def list_waiting(self, *, limit: int, offset: int) -> list[OutboxItem]:
        return self.waiting[offset : offset + limit]

    async def note_delivered(self, items: Sequence[OutboxItem], time: datetime) -> None:
        self.waiting = [item for item in self.waiting if item not in items]

    async def prune(self, delivered_before: datetime, *, limit: int) -> int:
        return 0


class Engine:
    name = "scripted"

    def __init__(self, **errors: Exception) -> None:
        self._errors = errors
        self.starts: list[tuple[TenantId, Collection[str]]] = []
        self.woken: list[str] = []

    async def start(self, tenant_id: TenantId, ticket_ids: Collection[str]) -> None:
        for ticket_id in ticket_ids:
            if ticket_id in self._errors:
                raise self._errors[ticket_id]
        self.starts.append((tenant_id, ticket_ids))

    async def wake(self, tenant_id: TenantId, ticket_id: str) -> None:
        self.woken.append(ticket_id)

    async def wake_all(self, tenant_id: TenantId) -> None:
        self.woken.append(tenant_id)

    async def take_over(self) -> int:
        return 0

    async def drive(self) -> int:
        return 0

    async def next_time(self) -> datetime | None:
        return None


class NobodyWaits:
    async def list_waiting_for_place(self, tenant_id: TenantId) -> list[str]:
        return []


def an_item(
    ticket_id: str, kind: str = TicketEventKind.OPENED, tenant_id: TenantId = ACME
) -> OutboxItem:
    return OutboxItem(tenant_id, f"{ticket_id}-{kind}", kind, ticket_id)


async def dispatched(outbox: Outbox, engine: Engine) -> int:
    return await Dispatcher(outbox, NobodyWaits(), engine, utc_now).dispatch()  # type: ignore[arg-type]


async def test_the_new_tickets_of_a_tenant_are_started_together() -> None:
    outbox = Outbox(an_item("1"), an_item("2"), an_item("3", tenant_id=GLOBEX))
    engine = Engine()

    assert await dispatched(outbox, engine) == 3
    assert engine.starts == [(ACME, ["1", "2"]), (GLOBEX, ["3"])]
    assert engine.woken == []
    assert outbox.waiting == []


async def test_a_ticket_that_fails_waits_on_and_stops_no_others() -> None:
    outbox = Outbox(an_item("1"), an_item("2"), an_item("2", TicketEventKind.PENDED), an_item("3"))
    engine = Engine(**{"2": LookupError()})

    assert await dispatched(outbox, engine) == 2
    assert engine.starts == [(ACME, ["1"]), (ACME, ["3"])]
    # It would be woken before it was ever started.
    assert engine.woken == []
    assert [item.ticket_id for item in outbox.waiting] == ["2", "2"]


async def test_what_happened_since_wakes_a_ticket() -> None:
    engine = Engine()
    items = an_item("1"), an_item("1", TicketEventKind.PENDED), an_item("", TicketEventKind.UPDATED)

    assert await dispatched(Outbox(*items), engine) == 3
    assert engine.starts == [(ACME, ["1"])]
    assert engine.woken == ["1", ACME]


async def test_without_storage_everything_waits() -> None:
    outbox = Outbox(an_item("1"), an_item("2"))

    with pytest.raises(StorageUnavailable):
        await dispatched(outbox, Engine(**{"2": StorageUnavailable("It is full.")}))
    assert len(outbox.waiting) == 2
