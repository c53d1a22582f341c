"""A large tenant beside others, as it comes to be in years, written in minutes."""

import random
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import cast

import numpy as np
from sqlalchemy import Table

from services.mesh.caller import UserId
from services.mesh.clock import utc_now
from services.mesh.ids import new_id
from services.ticket.domain import (
    Act,
    TicketContent,
    TicketPriority,
    TicketStatus,
    opened,
)
from services.ticket.store.rows import ticket_columns
from services.ticket.tables.tickets import CounterRow, TicketRow, WordCountRow, WordRow
from services.ticket.words import weights_of
from tests.support.bulk import Row, write_rows
from tests.support.full_desk import FullDesk

OTHER_TENANTS = 4
AGENTS = 50
CUSTOMERS = 5_000
DAYS = 700
SECONDS_BETWEEN_LINES = 5
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


def fill_tenant(full: FullDesk, made: Iterable[TicketContent], dice: random.Random) -> int:
    """With the words of each ticket, by which it is found. Returns how many there are."""
    words = _Words()
    count = 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for count, content in enumerate(made, 1):
            words.add(count, content)
            yield _row(full.tenant_id, count, content, dice)

    _write(full, TicketRow, rows(), "tickets")
    tenant = {"tenant_id": full.tenant_id}
    _write(full, WordRow, ({**tenant, **row} for row in words.rows()), "words of tickets")
    _write(full, WordCountRow, ({**tenant, **row} for row in words.counts()))
    _write(full, CounterRow, [{**tenant, "last_number": count, "last_seq": 0}])
    return count


def fill_others(
    full: FullDesk, count: int, made: list[TicketContent], dice: random.Random, *, after: int = 0
) -> None:
    """Without words: those begin with the tenant, and another one's are never near."""
    short = [replace(content, body="") for content in made]
    each = range(after // OTHER_TENANTS + 1, (after + count) // OTHER_TENANTS + 1)
    _write(
        full,
        TicketRow,
        (
            _row(f"other-{tenant}", number, dice.choice(short), dice)
            for tenant in range(OTHER_TENANTS)
            for number in each
        ),
        "tickets of others",
    )


def _write(full: FullDesk, kind: type, rows: Iterable[Row], what: str = "") -> None:
    begun = told = time.perf_counter()

    def tell(count: int) -> None:
        nonlocal told
        now = time.perf_counter()
        if what and now - told >= SECONDS_BETWEEN_LINES:
            told = now
            print(f"  {count:,} {what}, {now - begun:.0f} s", file=sys.stderr, flush=True)

    write_rows(full.address, cast("Table", kind.__table__), rows, tell)  # type: ignore[attr-defined]


@cache
def _new() -> Row:
    act = Act(UserId("anna"), utc_now())
    return ticket_columns(opened("", 0, TicketContent("", ""), act, None).ticket)


def _row(tenant_id: str, number: int, content: TicketContent, dice: random.Random) -> Row:
    words = {"subject": content.subject, "body": content.body}
    own = {"tenant_id": tenant_id, "ticket_id": new_id(), "number": number}
    return {**_new(), **own, **words, **_circumstances(dice)}


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


@dataclass
class _Words:
    """Kept in twelve bytes each, and put into the order of their table, where they stand by word
    and number: millions that come in another order would each go to a page of their own."""

    places: dict[str, int] = field(default_factory=dict)
    word: "array[int]" = field(default_factory=lambda: array("i"))
    number: "array[int]" = field(default_factory=lambda: array("i"))
    weight: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, number: int, content: TicketContent) -> None:
        for word, weight in weights_of(content.subject, content.body).items():
            self.word.append(self.places.setdefault(word, len(self.places)))
            self.number.append(number)
            self.weight.append(weight)

    def rows(self) -> Iterator[dict[str, object]]:
        names = [*self.places]
        ranks = np.empty(len(names), dtype=np.int32)
        ranks[np.argsort(np.array(names))] = np.arange(len(names))
        word, number = np.asarray(self.word), np.asarray(self.number)
        for at in np.lexsort((number, ranks[word])).tolist():
            yield {
                "word": names[self.word[at]],
                "number": self.number[at],
                "weight": self.weight[at],
            }

    def counts(self) -> Iterator[dict[str, object]]:
        counts = Counter(self.word)
        for word, place in sorted(self.places.items()):
            yield {"word": word, "tickets": counts[place]}
