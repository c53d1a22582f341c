"""Many agents edit one ticket at once: is anything that was accepted forgotten?

Each writes what it has read and a word of its own, with the etag of what it has read, and reads
again when somebody else was faster; in between it assigns, pends, reopens and follows.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import TenantId
from services.mesh.certificates import ensure_certificates
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.domain import Ticket, TicketEvent, fold
from services.ticket.ports.tickets import EventQuery
from services.ticket.server import MIGRATIONS
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import refusal_of
from tests.ticket.clients import AGENT_PERMISSIONS, Client, serving

AGENTS = 50
_MOST_EVENTS = 100_000


@dataclass
class Told:
    """What the agents were told: the words that were accepted, the deeds, and why not."""

    words: list[str] = field(default_factory=list)
    deeds: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Outcome:
    told: Told
    faults: list[str]


async def run(address: AnyAddress, folder: Path, *, agents: int, edits: int) -> Outcome:
    ensure_certificates(folder / "certificates")
    settings = MeshSettings(data=folder, certificates=folder / "certificates")
    database = Database(address)
    await database.migrate(MIGRATIONS)
    store, tenant_id = SqlTicketStore(database), TenantId(new_id())
    told = Told()
    async with serving(store, database, settings) as server:
        people = [
            Client(
                server.channel("gateway"),
                server.user(tenant_id=tenant_id, permissions=AGENT_PERMISSIONS),
            )
            for _ in range(agents)
        ]
        opened = await people[0].opened(body="begun")
        ticket_id = opened.ticket_id
        await asyncio.gather(
            *(_Agent(who, ticket_id, told, place).work(edits) for place, who in enumerate(people))
        )
    async with store.reading(tenant_id) as tickets:
        ticket = await tickets.find(ticket_id)
        query = EventQuery(limit=_MOST_EVENTS, ticket_id=ticket_id, with_internal=True)
        events = await tickets.list_events(query)
    await database.close()
    return Outcome(told, _faults(told, ticket, events))


@dataclass(frozen=True)
class _Agent:
    client: Client
    ticket_id: str
    told: Told
    number: int

    async def work(self, edits: int) -> None:
        deeds = [self._assign, self._pend, self._reopen, self._follow]
        for edit in range(edits):
            await self._write(f"{self.number}.{edit}")
            await deeds[(self.number + edit) % len(deeds)]()

    async def _write(self, word: str) -> None:
        while True:
            read = await self._read()
            content = ticket_pb2.Ticket(
                ticket_id=self.ticket_id, body=f"{read.body} {word}", etag=read.etag
            )
            mask = FieldMask(paths=["body"])
            if await self._try(
                "UPDATED",
                lambda: self.client.UpdateTicket(ticket=content, update_mask=mask),  # noqa: B023
            ):
                self.told.words.append(word)
                return

    async def _assign(self) -> None:
        etag, somebody = (await self._read()).etag, new_id()
        await self._try(
            "ASSIGNED",
            lambda: self.client.AssignTicket(
                ticket_id=self.ticket_id, assignee_id=somebody, etag=etag
            ),
        )

    async def _pend(self) -> None:
        etag = (await self._read()).etag
        await self._try(
            "PENDED", lambda: self.client.PendTicket(ticket_id=self.ticket_id, etag=etag)
        )

    async def _reopen(self) -> None:
        etag = (await self._read()).etag
        await self._try(
            "REOPENED", lambda: self.client.ReopenTicket(ticket_id=self.ticket_id, etag=etag)
        )

    async def _follow(self) -> None:
        """Without an etag: who follows takes nothing from others. Each comes as somebody new."""
        user_id = new_id()
        await self._try(
            "FOLLOWED",
            lambda: self.client.FollowTicket(ticket_id=self.ticket_id, user_id=user_id),
        )

    async def _read(self) -> ticket_pb2.Ticket:
        ticket: ticket_pb2.Ticket = await self.client.GetTicket(ticket_id=self.ticket_id)
        return ticket

    async def _try(self, kind: str, act: Callable[[], Awaitable[object]]) -> bool:
        try:
            await act()
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            self.told.refusals[refusal.reason or f"nothing: {error.code()}"] += 1
            return False
        self.told.deeds[self.client.user_id, kind] += 1
        return True


# Whatever else is answered is not told to anybody who could do something about it.
_REASONS = {"TICKET_CHANGED", "TRANSITION_NOT_ALLOWED", "TOO_MANY_FOLLOWERS"}


def _faults(told: Told, ticket: Ticket | None, events: list[TicketEvent]) -> list[str]:
    if ticket is None:
        return ["the ticket is gone"]
    faults = [f"refused for {each}" for each in told.refusals.keys() - _REASONS]
    there = Counter(ticket.body.split()[1:])
    accepted = Counter(told.words)
    faults += [f"accepted and lost: {word}" for word in (accepted - there)]
    faults += [f"there and not accepted: {word}" for word in (there - accepted)]
    logged = Counter((str(event.actor_id), str(event.kind)) for event in events[1:])
    faults += [f"accepted, and not in the log: {deed}" for deed in (told.deeds - logged)]
    faults += [f"in the log, and not accepted: {deed}" for deed in (logged - told.deeds)]
    if fold(events) != ticket:
        faults.append("the ticket is not what its log says")
    return faults
