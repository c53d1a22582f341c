"""How long lists, searches and views of tickets take in one large tenant beside others.

python -m tests.bench.listing --tickets 100000 --others 400000 --postgresql --folder /var/tmp/desk
"""

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.mesh.caller import Caller, UserId, acting_as
from services.mesh.sqlite_statistics import analyse_if_grown
from services.ticket.store import SqlViewStore
from services.ticket.use_cases.listing import PageRequest, list_tickets
from services.ticket.use_cases.ticketing import HANDLE_PERMISSION
from services.ticket.use_cases.views import EVERY_TENANTS, list_views
from tests.bench.filling import fill_others, fill_tenant
from tests.bench.kept_database import place
from tests.bench.searching import SEED, Latency
from tests.bench.similar_tickets import contents
from tests.support.bulk import tidy_postgresql
from tests.support.full_desk import FullDesk, full_desk

QUERIES = 300
WARM_UP = 10
# Of so many tickets those of the other tenants have their subjects.
OTHER_WORDS = 20_000
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
    count, others = arguments.tickets, arguments.others
    name = f"listing-{count}-{others}"
    with place(arguments.folder, name, postgresql=arguments.postgresql) as there:
        async with full_desk(there.address) as full:
            if there.is_filled:
                print(f"{count + others:,} tickets there before")
            else:
                await fill(full, count, others)
                there.say_filled()
            await measure(full)


async def fill(full: FullDesk, count: int, others: int) -> None:
    dice = random.Random(SEED)  # noqa: S311  the same tickets each time
    begun = time.perf_counter()
    fill_tenant(full, contents(count), dice)
    fill_others(full, others, [*contents(min(count, OTHER_WORDS))], dice)
    if full.database.is_postgresql:
        tidy_postgresql(full.address)
    else:
        await analyse_if_grown(full.database._engines.writer, "tickets")
    print(f"{count + others:,} tickets written in {time.perf_counter() - begun:.0f} s")


async def measure(full: FullDesk) -> None:
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=400_000)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument(
        "--folder", type=Path, help="keeps what was filled there for the next run of this size"
    )
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
