"""Puts ids of another tenant wherever a request takes one, through the gateway.

A foreign id and one that never was are asked for side by side, in either order: whatever tells
them apart is a hint that the foreign one is there.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from random import Random

from google.protobuf.message import Message

from services.auth.standard_roles import (
    ADMIN_PERMISSIONS,
    AGENT_PERMISSIONS,
    CUSTOMER_PERMISSIONS,
)
from tests.security.cast import Cast
from tests.security.digest import contents_of
from tests.security.doors import OVERLOADED, Answer, Door
from tests.security.kinds import TICKET, Kind, object_field
from tests.security.mutation import Change, changed_tree
from tests.security.places import Place, places_of
from tests.security.progress import Progress
from tests.security.requests import a_request
from tests.security.rpcs import exposed_rpcs
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.security.stage import Person, Stage, running_stage
from tests.security.timing import Timing

FIGURE = Figure("cross-tenant tries end to end", "0 of 100,000 told apart", 100_000)
TRIES = {Scale.FULL: 100_000, Scale.SHORT: 300}
_AT_ONCE = 24
_OWN_OBJECTS = 3
_TRIES_OF_A_TICKET = 20
_LOOKS = 4
_MALFORMED = ("", " ", "x", "../", "%2e%2e", "*", "'", "null", "0", "-1", "é", "a" * 64, "{}", "12")
_PERMISSIONS = {
    "admin": ADMIN_PERMISSIONS,
    "agent": AGENT_PERMISSIONS,
    "customer": CUSTOMER_PERMISSIONS,
}
# Differs from call to call, whoever asks: own tickets change all the time here.
_PASSING = re.compile(r'"(requestId|request_id|etag)"\s*:\s*"(?:[^"\\]|\\.)*"')
_WORD = re.compile(r"[A-Za-z0-9@._-]{12,}")

WITHOUT_TENANT_IN_TICKETS = Change(
    "services/ticket/store/sql.py",
    "        return select(TicketRow, _TAGS).where(self._own(TicketRow))\n",
    "        return select(TicketRow, _TAGS)\n",
)

# Or it would refuse that statement before it runs.
WITHOUT_THE_GUARD = Change(
    "services/mesh/database.py",
    "        for engine in self._engines.guarded:\n            self._guard.watch(engine)\n",
    "",
)


@dataclass(frozen=True)
class Try:
    person: Person
    door: Door
    place: Place
    value_kind: str
    value: str
    own: Mapping[str, str]
    """Own objects for the other ids that the request needs."""

    def request(self, value: str) -> Message:
        request = deepcopy(self._base)
        self.place.put(request, value)
        return request

    @cached_property
    def _base(self) -> Message:
        """The same for each value: what is made up in it may be told back."""
        return a_request(self.place.rpc, self.own)

    def __str__(self) -> str:
        return f"{self.door.name}: {self.place}, {self.value_kind} {self.value!r}"


async def run(scale: Scale, seed: int) -> Outcome:
    async with running_stage() as stage:
        outcome = await cross(stage, TRIES[scale], seed)
    with changed_tree(WITHOUT_TENANT_IN_TICKETS, WITHOUT_THE_GUARD) as tree:
        async with running_stage(tree=tree) as stage:
            found = await cross(stage, 10 * TRIES[Scale.SHORT], seed)
    control = Control(
        "the tenant in one statement of ticket's store, and the guard", bool(found.failures)
    )
    return Outcome(outcome.count, outcome.failures, control, outcome.details)


async def cross(stage: Stage, tries: int, seed: int) -> Outcome:
    people = {"agent": "agent", "customer": "customer", "colleague": "customer"}
    cast = Cast(stage, {name: await stage.build_house(people) for name in ("north", "south")})
    crossing = Crossing(cast, Random(seed), Progress("cross-tenant tries", tries))
    await crossing.prepare()
    south = cast.houses["south"]
    before = await contents_of(stage, south, cast.of("south"))
    crossing.canaries = _words(before.values()) - _words(
        (await contents_of(stage, cast.houses["north"], cast.of("north"))).values()
    )
    await crossing.run(tries)
    after = await contents_of(stage, south, cast.of("south"))
    moved = [
        f"the foreign {name} has changed" for name in before if before[name] != after.get(name)
    ]
    failures = [*crossing.failures, *moved, *crossing.timing.failures()]
    told = ", ".join(f"{count:,} {kind}" for kind, count in crossing.count.most_common())
    details = [
        f"{len(crossing.places)} places in {len({place.rpc.path for place in crossing.places})} "
        f"RPCs; {told}; {len(crossing.canaries):,} canaries looked for in each answer",
        *crossing.timing.lines(),
    ]
    return Outcome(crossing.count.total(), failures, Control("", caught=True), details)


class Crossing:
    def __init__(self, cast: Cast, random: Random, progress: Progress) -> None:
        self._cast = cast
        self._random = random
        self._progress = progress
        self.places = [
            place for rpc in exposed_rpcs() if not rpc.policy.public for place in places_of(rpc)
        ]
        self.canaries: set[str] = set()
        self.failures: list[str] = []
        self.count = Counter[str]()
        self.timing = Timing()
        self._sent: set[str] = set()
        self._values: dict[tuple[str, str], list[str]] = {}

    async def prepare(self) -> None:
        """Some of every kind on either side, made before anything is compared."""
        kinds = {place.kind for place in self.places}
        kinds |= {field.kind for rpc in exposed_rpcs() if (field := object_field(rpc))}
        for kind in sorted(kinds, key=lambda kind: kind.name):
            for house, owner in (
                ("north", "customer"),
                ("north", "colleague"),
                ("south", "customer"),
            ):
                self._values[kind.name, f"{house} {owner}"] = [
                    await self._cast.fresh(kind, house, owner) for _ in range(_OWN_OBJECTS)
                ]

    async def run(self, tries: int) -> None:
        async def work() -> None:
            while self.count.total() < tries:
                if self.count.total() % _TRIES_OF_A_TICKET == 0:
                    await self._renew(TICKET)
                await self._attempt(self._choose())

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))

    async def _renew(self, kind: Kind) -> None:
        """For the steps of the others end in a ticket that allows none."""
        for owner in ("customer", "colleague"):
            values = self._values[kind.name, f"north {owner}"]
            values[self._random.randrange(len(values))] = await self._cast.fresh(
                kind, "north", owner
            )

    def _choose(self) -> Try:
        random = self._random
        name = random.choice(list(_PERMISSIONS))
        allowed = [one for one in self.places if one.rpc.policy.permission in _PERMISSIONS[name]]
        place = random.choices(allowed, [one.weight for one in allowed])[0]
        doors: Sequence[Door] = (self._cast.stage.grpc_door, self._cast.stage.rest_door)
        door = random.choice([one for one in doors if one.opens(place.rpc)])
        value_kind = random.choices(("foreign", "malformed", "another's"), (8, 1, 1))[0]
        value = random.choice(_MALFORMED)
        if value_kind == "foreign":
            value = self._one(place.kind, "south customer")
        elif value_kind == "another's":
            value = self._one(place.kind, "north colleague")
        own = {}
        field = object_field(place.rpc)
        if field is not None:
            own[str(field.path)] = self._one(field.kind, "north customer")
        person = self._cast.houses["north"][name]
        return Try(person, door, place, value_kind, value, own)

    def _one(self, kind: Kind, whose: str) -> str:
        return self._random.choice(self._values[kind.name, whose])

    async def _attempt(self, one: Try) -> None:
        if one.value_kind == "foreign":
            await self._compare(one)
        else:
            answer = await self._ask(one, one.value)
            self._note(one, answer, one.value)

    async def _compare(self, one: Try) -> None:
        """Own objects change while others work on them; only a lasting difference is one."""
        for _ in range(_LOOKS):
            missing = one.place.kind.missing()
            foreign, absent = await self._pair(one, missing)
            if foreign.code in OVERLOADED or absent.code in OVERLOADED:
                return
            told = f"{one}: {foreign.body}, but for a missing one {absent.body}"
            if str(foreign) == str(absent) and (
                foreign.code == "OK" or _plain(foreign, one.value) == _plain(absent, missing)
            ):
                self.timing.add(one.place.rpc.name, foreign.seconds, absent.seconds)
                return
        self.failures.append(told)

    async def _pair(self, one: Try, missing: str) -> tuple[Answer, Answer]:
        values = [one.value, missing]
        if self._random.random() < 0.5:
            values.reverse()
        answers = {value: await self._ask(one, value) for value in values}
        self._note(one, answers[one.value], one.value)
        self.count["missing"] += 1
        self._progress.step()
        return answers[one.value], answers[missing]

    async def _ask(self, one: Try, value: str) -> Answer:
        token = await self._cast.stage.token(one.person)
        return await one.door.call(token, one.place.rpc, one.request(value))

    def _note(self, one: Try, answer: Answer, sent: str) -> None:
        self.count[one.value_kind] += 1
        self._progress.step()
        # An id once sent may come back: a ticket keeps whom it was assigned to.
        self._sent |= _words([sent])
        seen = _words([answer.body]) & self.canaries - self._sent
        if seen:
            self.failures.append(f"{one}: the answer holds {', '.join(sorted(seen)[:3])}")
        if answer.code in ("INTERNAL", "UNKNOWN"):
            self.failures.append(f"{one}: {answer}")


def _plain(answer: Answer, sent: str) -> str:
    return _PASSING.sub("", answer.body.replace(sent, "<id>"))


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text)}


SECTION = Section("fuzz", FIGURE, run)
