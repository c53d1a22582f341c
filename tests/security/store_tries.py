"""Tries at the stores of one database: strangers ask for what others have, and try to change it."""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from services.mesh.database import Database
from services.mesh.errors import MeshError, StorageUnavailable
from services.mesh.session import Session
from services.mesh.tenant_guard import TenantForgotten
from tests.contract.schemas import Schema
from tests.security.progress import Progress
from tests.security.store_calls import Arguments, Method, methods_of
from tests.security.tenant_rows import (
    INTRUDERS,
    MARK,
    Tenant,
    contents_of_victims,
    fill,
)
from tests.support.unguarded import unguarded

READERS = 4
"""So many of the intruders only read, so that nothing of what they hold is borrowed."""
# One less than there are connections for reading.
_TASKS = 3
_AT_ONCE = 20
_CHANGES_AT_ONCE = 10
_ONE_CHANGE_IN = 10
_KINDS = ("foreign",) * 7 + ("deleted", "missing", "malformed")
_OWN_CONDITION = re.compile(r"(\b\w+\.tenant_id = (?:\?|%\(\w+\)s(?:::\w+)?))")


@dataclass
class Tally:
    tries: int = 0
    leaks: list[str] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    first_leak_after: int = 0

    def leak(self, told: str) -> None:
        self.first_leak_after = self.first_leak_after or self.tries
        self.leaks.append(told)

    def add(self, other: "Tally") -> None:
        if other.leaks and not self.first_leak_after:
            self.first_leak_after = self.tries + other.first_leak_after
        self.tries += other.tries
        self.leaks += other.leaks
        self.endings += other.endings


class StoreTries:
    """Of one service on one database, filled before."""

    def __init__(
        self, database: Database, schema: Schema, tenants: list[Tenant], random: Random
    ) -> None:
        self._database = database
        self._schema = schema
        self._random = random
        self._victims = [tenant for tenant in tenants if tenant.is_victim]
        self._readers = tenants[:READERS]
        self._writers = tenants[READERS:INTRUDERS]
        self._borrowed: defaultdict[str, set[str]] = defaultdict(set)
        self._reading: list[Method] = []
        self._writing: list[Method] = []
        self._answers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.tally = Tally()

    async def run(self, tries: int, progress: Progress | None = None) -> Tally:
        before = await contents_of_victims(self._database, self._schema, self._victims)
        await self._sort_methods()
        changes = tries // _ONE_CHANGE_IN
        await asyncio.gather(
            self._change(changes, progress),
            *(self._read((tries - changes) // _TASKS, progress) for _ in range(_TASKS)),
        )
        after = await contents_of_victims(self._database, self._schema, self._victims)
        for table, rows in before.items():
            for row in rows ^ after[table]:
                self.tally.leak(f"{self._schema.service}.{table} changed: {row}")
        self._compare_answers()
        return self.tally

    async def _sort_methods(self) -> None:
        """A method reads if it can be called in a transaction that only reads."""
        stranger = self._readers[0].tenant_id
        for method in methods_of(self._schema.service):
            arguments = Arguments(self._random, self._victims[0], "missing").of(method)
            try:
                async with self._database.tenant_reading(stranger) as session:
                    await method.call(session, stranger, arguments)
            except (StorageUnavailable, DBAPIError):
                self._writing.append(method)
            except Exception:  # noqa: BLE001  it refuses, but as one that has read
                self._reading.append(method)
            else:
                self._reading.append(method)

    async def _read(self, tries: int, progress: Progress | None) -> None:
        for begin in range(0, tries, _AT_ONCE):
            stranger = self._random.choice(self._readers)
            async with self._database.tenant_reading(stranger.tenant_id) as session:
                for _ in range(min(_AT_ONCE, tries - begin)):
                    await self._attempt(session, stranger, self._random.choice(self._reading))
            _tell(progress, min(_AT_ONCE, tries - begin))

    async def _change(self, tries: int, progress: Progress | None) -> None:
        for begin in range(0, tries, _CHANGES_AT_ONCE):
            stranger = self._random.choice(self._writers)
            async with self._database.tenant_transaction(stranger.tenant_id) as session:
                for _ in range(min(_CHANGES_AT_ONCE, tries - begin)):
                    await self._attempt(session, stranger, self._random.choice(self._writing))
            _tell(progress, min(_CHANGES_AT_ONCE, tries - begin))

    async def _attempt(self, session: Session, stranger: Tenant, method: Method) -> None:
        kind = self._random.choice(_KINDS)
        arguments = Arguments(self._random, self._random.choice(self._victims), kind).of(method)
        given = set(MARK.findall(repr(arguments)))
        only_reads = method in self._reading
        if not only_reads:
            # What a stranger writes under a foreign id is its own, and may be found again.
            self._borrowed[stranger.tenant_id] |= given
        self.tally.tries += 1
        try:
            async with session.begin_nested():
                answer = await method.call(session, stranger.tenant_id, arguments)
        except Exception as error:  # noqa: BLE001  how it ends is what is looked at
            ending, told = type(error).__name__, str(error)
            is_answer = not isinstance(error, MeshError)
        else:
            ending, told, is_answer = "answered", repr(answer), True
            if only_reads and method.takes_ids and answer is not False and _counts(answer):
                self.tally.leak(f"{method.service}.{method.name}({arguments}) said {answer}")
        self.tally.endings[ending] += 1
        if ending == TenantForgotten.__name__:
            self.tally.leak(f"{method.service}.{method.name} left it to the guard: {told}")
        if only_reads:
            # The stored texts are no JSON and no enum's values, which may show in either case.
            self._answers[method.name, kind].add("answered" if is_answer else ending)
        foreign = set(MARK.findall(told)) - given - self._borrowed[stranger.tenant_id]
        if foreign:
            self.tally.leak(f"{method.service}.{method.name}({arguments}) told {sorted(foreign)}")

    def _compare_answers(self) -> None:
        """Whether something exists elsewhere must make no difference to how a question ends."""
        for method in self._reading:
            foreign = self._answers[method.name, "foreign"]
            missing = self._answers[method.name, "missing"]
            if missing and foreign - missing and method.takes_ids:
                told = f"{sorted(foreign)} for foreign ids, {sorted(missing)} for missing ones"
                self.tally.leak(f"{method.service}.{method.name} hints: {told}")


async def try_service(
    database: Database,
    schema: Schema,
    tries: int,
    seed: int,
    *,
    forgetful: bool = False,
    progress: Progress | None = None,
) -> Tally:
    """Forgetful: every statement loses its condition on the tenant, and nobody looks into it."""
    attempts = StoreTries(database, schema, await fill(database, schema), Random(seed))
    if not forgetful:
        return await attempts.run(tries, progress)
    with unguarded(database), forgotten_conditions(database):
        return await attempts.run(tries, progress)


@contextmanager
def forgotten_conditions(database: Database) -> Iterator[None]:
    def forget(*event_arguments: object) -> tuple[str, object]:
        statement, parameters = str(event_arguments[2]), event_arguments[3]
        return _OWN_CONDITION.sub(r"(\1 OR 1 = 1)", statement), parameters

    for engine in database._engines.guarded:
        event.listen(engine.sync_engine, "before_cursor_execute", forget, retval=True)
    try:
        yield
    finally:
        for engine in database._engines.guarded:
            event.remove(engine.sync_engine, "before_cursor_execute", forget)


def _counts(answer: object) -> bool:
    return answer is True or (isinstance(answer, int) and answer > 0)


def _tell(progress: Progress | None, count: int) -> None:
    if progress is not None:
        progress.step(count)
