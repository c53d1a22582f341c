"""The stream as clients meet it: resumed, ended, broken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.errors import StorageUnavailable
from services.mesh.settings import MeshSettings
from services.ticket.ports.tickets import EventQuery
from services.ticket.store import SqlTickets, SqlTicketStore
from tests.ticket.clients import People, serving


async def test_a_watch_tells_resumes_and_says_when_it_is_over(people: People) -> None:
    stream = aiter(people.alex.WatchTickets())
    assert (await anext(stream)).WhichOneof("event") == "heartbeat"
    ticket = await people.anna.opened()
    told = await anext(stream)
    assert (told.seq, told.ticket_event.ticket_id) == (1, ticket.ticket_id)
    await people.anna.CreateComment(ticket_id="1", comment=ticket_pb2.Comment(body="Hi."))
    resumed = [step async for step in people.alex.WatchTickets(after_seq=1, timeout=1.5)]
    assert [step.WhichOneof("event") for step in resumed] == ["heartbeat", "ticket_event", "done"]
    assert [step.seq for step in resumed] == [1, 2, 2]
    assert resumed[1].ticket_event.kind == ticket_pb2.TICKET_EVENT_KIND_COMMENTED


async def read_some(people: People, seen: list[int], up_to: int) -> None:
    """Reads behind the last one that was seen, a few at a time, and breaks off in between."""
    while len(seen) < up_to:
        stream = people.alex.WatchTickets(after_seq=seen[-1])
        most = min(len(seen) + 3, up_to)
        async for step in stream:
            seen += [step.seq] if step.HasField("ticket_event") else []
            if len(seen) == most:
                stream.cancel()
                break


async def test_across_breaks_and_restarts_nothing_is_lost_and_nothing_is_doubled(
    database: Database, mesh_settings: MeshSettings, tenant_id: TenantId
) -> None:
    async def open_some(people: People) -> None:
        for _ in range(5):
            await people.anna.opened()

    seen = [1]
    for turn in range(3):
        # Each time a service of its own, with nothing of what the last one had in memory.
        async with serving(SqlTicketStore(database), database, mesh_settings) as server:
            people = People(server, tenant_id, tenant_id)
            if turn == 0:
                await people.anna.opened()
            opening = asyncio.gather(*(open_some(people) for _ in range(4)))
            await read_some(people, seen, turn * 20 + 15)
            await opening
    async with serving(SqlTicketStore(database), database, mesh_settings) as server:
        await read_some(People(server, tenant_id, tenant_id), seen, 61)

    async with SqlTicketStore(database).reading(tenant_id) as tickets:
        logged = await tickets.list_events(EventQuery(limit=1000, with_internal=True))
    assert seen == [event.seq for event in logged]


class BreakingStore(SqlTicketStore):
    """Works once, and then no more."""

    def __init__(self, database: Database, failure: Exception) -> None:
        super().__init__(database)
        self.failure = failure
        self.works = True

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[SqlTickets]:
        if not self.works:
            raise self.failure
        self.works = False
        async with super().reading(tenant_id) as tickets:
            yield tickets


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (LookupError("a secret"), grpc.StatusCode.INTERNAL),
        (StorageUnavailable("The disk is full."), grpc.StatusCode.UNAVAILABLE),
    ],
)
async def test_a_watch_that_breaks_says_so_in_the_stream(
    sqlite_database: Database,
    mesh_settings: MeshSettings,
    tenant_id: TenantId,
    failure: Exception,
    code: grpc.StatusCode,
) -> None:
    store = BreakingStore(sqlite_database, failure)
    async with serving(store, sqlite_database, mesh_settings) as server:
        anna = People(server, tenant_id, tenant_id).anna
        steps = [step async for step in anna.WatchTickets()]
        assert [step.WhichOneof("event") for step in steps] == ["heartbeat", "error"]
        assert steps[1].error.code == code.value[0]
        assert "secret" not in str(steps[1])
        # A watch that cannot even begin is refused like any other call.
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await anext(aiter(anna.WatchTickets()))
        assert refusal.value.code() is code
