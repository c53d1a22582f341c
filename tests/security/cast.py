"""The objects of two houses, made once and asked for by kind, owner and state."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.security.kinds import Kind
from tests.security.stage import House, Person, Stage

_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Known:
    kind: Kind
    owner: Person
    object_id: str


@dataclass
class Cast:
    stage: Stage
    houses: Mapping[str, House]
    _known: dict[_Key, asyncio.Task[str]] = field(default_factory=dict)
    _made: list[tuple[str, Known]] = field(default_factory=list)

    async def fresh(self, kind: Kind, house: str, owner: str, state: str = "") -> str:
        person = self.houses[house][owner]
        state = state or kind.states[0]
        object_id = await kind.make(self.stage, self.houses[house], person, state)
        self._made.append((house, Known(kind, person, object_id)))
        return object_id

    async def shared(self, kind: Kind, house: str, owner: str, state: str = "") -> str:
        """The same one each time, for calls that must not change it."""
        key = (kind.name, house, owner, state or kind.states[0])
        if key not in self._known:
            self._known[key] = asyncio.create_task(self.fresh(kind, house, owner, state))
        return await self._known[key]

    def of(self, house: str) -> Iterator[Known]:
        return (known for name, known in self._made if name == house)
