"""How long lists, searches and views of tickets take in one large tenant beside others.

python -m tests.bench.listing --tickets 100000 --others 400000 --postgresql
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlalchemy import insert, update

from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database_address import AnyAddress
from services.mesh.ids import new_id
from services.mesh.sqlite_statistics import analyse_if_grown
from services.ticket.domain import (
    Act,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
    opened,
)
from services.ticket.store import SqlViewStore
from services.ticket.store.rows import ticket_columns
from services.ticket.tables.tickets import TicketRow
from services.ticket.use_cases.listing import PageRequest, list_tickets
from services.ticket.use_cases.ticketing import HANDLE_PERMISSION
from services.ticket.use_cases.views import EVERY_TENANTS, list_views
from tests.bench.searching import SEED, Latency
from tests.bench.similar_tickets import contents
from tests.support.databases import running_postgresql
from tests.support.full_desk import FullDesk, full_desk, sqlite_in

OTHER_TENANTS = 4
AGENTS = 50
CUSTOMERS = 5_000
DAYS = 700
QUERIES = 300
WARM_UP = 10
ROWS_AT_ONCE = 5_000
# Of the last weeks some are not done yet, and hardly any of those before.
YOUNG_DAYS = 30
YOUNG = {
    TicketStatus.NEW: 20,
    TicketStatus.OPEN: 25,
    TicketStatus.PENDING: 15,
    TicketStatus.RESOLVED: 30,
    TicketStatus.CLOSED: 10,
}
OLD = {TicketStatus.OPEN: 1, TicketStatus.PENDING: 1, TicketStatus.CLOSED: 198}
FILTERS = {
    "newest first": ("", ""),
    "one status, oldest first": ("status = OPEN", "create_time"),
    "status or status, by priority": ("status = NEW OR status = OPEN", "priority desc"),
    "one customer": ("requester_id = customer-7", ""),
    "a common word": ("w3", ""),
    "a rare word": ("w2500", ""),
    "two words and a status": ("w40 AND w90 AND status = CLOSED", ""),
    "a beginning of words": ("w99*", ""),
    "words, assignee and time": (
        "w5 AND assignee_id = me AND create_time > 2026-01-01",
        "update_time desc",
    ),
}


@dataclass(frozen=True)
class Desk:
    full: FullDesk
    agent: Caller

    async def list(self, wanted: str, order: str, token: str = "") -> str:
        with acting_as(self.agent):
            page = await list_tickets(
                self.full.store, PageRequest(50, token), filter_text=wanted, order_text=order
            )
        return page.next_token

    async def views(self) -> None:
        with acting_as(self.agent):
            await list_views(SqlViewStore(self.full.database), self.full.store)


async def main() -> None:
    arguments = _arguments()
    if arguments.postgresql:
        with running_postgresql() as server:
            await measure(server.create(), arguments.tickets, arguments.others)
        return
    with tempfile.TemporaryDirectory(prefix="helpdesk-listing-") as folder:
        await measure(sqlite_in(folder), arguments.tickets, arguments.others)


async def measure(address: AnyAddress, count: int, others: int) -> None:
    dice = random.Random(SEED)  # noqa: S311  the same tickets each time
    async with full_desk(address) as full:
        begun = time.perf_counter()
        made = list(contents(count))
        await full.fill(made)
        await _spread(full, count, dice)
        await fill_others(full, others, made, dice)
        if not full.database.is_postgresql:
            await analyse_if_grown(full.database._engines.writer, "tickets")
        print(f"{count + others:,} tickets written in {time.perf_counter() - begun:.0f} s")
        agent = Caller(
            "gateway",
            full.tenant_id,
            UserId("agent-7"),
            permissions=frozenset({HANDLE_PERMISSION}),
        )
        desk = Desk(full, agent)
        views = {f"view: {view.name}": (view.filter, view.order_by) for view in EVERY_TENANTS}
        for name, (wanted, order) in (FILTERS | views).items():
            await _time(name, partial(desk.list, wanted, order))
        token = await desk.list("", "")
        await _time("a later page", partial(desk.list, "", "", token))
        await _time("all views with their counts", desk.views)


async def _time(name: str, ask: Callable[[], Awaitable[object]]) -> None:
    seconds = []
    for _ in range(WARM_UP + QUERIES):
        begun = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - begun)
    print(Latency(name, seconds[WARM_UP:], sum(seconds[WARM_UP:])), flush=True)


async def _spread(full: FullDesk, count: int, dice: random.Random) -> None:
    """Over states, people and time; the tickets were all written at once, by one."""
    for first in range(0, count, ROWS_AT_ONCE):
        async with full.database.system_transaction() as session:
            for number in range(first + 1, min(first + ROWS_AT_ONCE, count) + 1):
                await session.execute(
                    update(TicketRow)
                    .where(TicketRow.tenant_id == full.tenant_id, TicketRow.number == number)
                    .values(**_circumstances(dice))
                    .execution_options(synchronize_session=False)
                )


def _circumstances(dice: random.Random) -> dict[str, object]:
    days = DAYS * dice.random()
    statuses = YOUNG if days < YOUNG_DAYS else OLD
    [status] = dice.choices([*statuses], weights=[*statuses.values()])
    create_time = utc_now() - timedelta(days=days)
    assignee = None if status is TicketStatus.NEW else f"agent-{dice.randrange(AGENTS)}"
    return {
        "status": status.value,
        "priority": int(dice.choice([*TicketPriority])),
        "requester_id": f"customer-{dice.randrange(CUSTOMERS)}",
        "assignee_id": assignee,
        "create_time": create_time,
        "update_time": create_time + timedelta(hours=dice.randrange(200)),
    }


async def fill_others(
    full: FullDesk, count: int, made: list[TicketContent], dice: random.Random, *, after: int = 0
) -> None:
    """Without words: those begin with the tenant, and another one's are never near."""
    each = (after + count) // OTHER_TENANTS
    for tenant in range(OTHER_TENANTS):
        for first in range(after // OTHER_TENANTS, each, ROWS_AT_ONCE):
            rows = [
                {
                    "tenant_id": TenantId(f"other-{tenant}"),
                    **ticket_columns(_ticket(number, dice.choice(made))),
                    **_circumstances(dice),
                }
                for number in range(first + 1, min(first + ROWS_AT_ONCE, each) + 1)
            ]
            async with full.database.system_transaction() as session:
                await session.execute(insert(TicketRow), rows)


def _ticket(number: int, content: TicketContent) -> Ticket:
    short = replace(content, body="")
    return opened(new_id(), number, short, Act(UserId("anna"), utc_now()), None).ticket


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=400_000)
    parser.add_argument("--postgresql", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
