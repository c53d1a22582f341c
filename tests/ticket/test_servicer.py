"""The RPCs as clients meet them: a real server, real interceptors, both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2, ticket_service_pb2_grpc
from services.mesh.caller import TenantId
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.errors import StorageUnavailable
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.ports import TicketStore
from services.ticket.servicer import TicketServicer
from services.ticket.store import SqlTickets, SqlTicketStore
from services.ticket.watching import Pace
from tests.support.mesh_server import RunningServer, TestUser, refused, running_server
from tests.ticket.builders import TickingClock

CUSTOMER_PERMISSIONS = {
    *(f"ticket.tickets.{verb}" for verb in ("create", "get", "list", "reopen", "watch", "update")),
    *(f"ticket.tickets.{verb}" for verb in ("assign", "pend", "resolve", "close")),
    "ticket.comments.create",
    "ticket.comments.list",
    "ticket.events.list",
}
AGENT_PERMISSIONS = CUSTOMER_PERMISSIONS | {"ticket.tickets.handle"}
NEW, OPEN, PENDING, RESOLVED, CLOSED = ticket_pb2.TicketStatus.values()[1:]
NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


class Client:
    """Calls in one user's name: `await anna.GetTicket(ticket_id="…")`."""

    def __init__(self, channel: grpc.aio.Channel, user: TestUser) -> None:
        self._stub = ticket_service_pb2_grpc.TicketServiceStub(channel)
        self.user_id = user.user_id
        self._user = user

    def __getattr__(self, rpc: str) -> Any:  # noqa: ANN401 - any RPC
        method = ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"].methods_by_name[
            rpc
        ]
        request = getattr(ticket_service_pb2, method.input_type.name)

        def call(*, timeout: float = 20, **fields: object) -> object:
            return getattr(self._stub, rpc)(
                request(**fields), metadata=self._user.metadata, timeout=timeout
            )

        return call

    async def opened(self, **fields: Any) -> ticket_pb2.Ticket:  # noqa: ANN401 - any field
        content = ticket_pb2.Ticket(**{"subject": "No Wi-Fi", "body": "Gone.", **fields})
        ticket: ticket_pb2.Ticket = await self.CreateTicket(ticket=content)
        return ticket


class People:
    def __init__(self, server: RunningServer, tenant_id: TenantId, stranger_id: TenantId) -> None:
        def client(tenant: str, permissions: set[str], service: str = "gateway") -> Client:
            user = server.user(tenant_id=tenant, permissions=permissions)
            return Client(server.channel(service), user)

        self.anna = client(tenant_id, CUSTOMER_PERMISSIONS)
        self.ben = client(tenant_id, CUSTOMER_PERMISSIONS)
        self.alex = client(tenant_id, AGENT_PERMISSIONS)
        self.gerd = client(stranger_id, AGENT_PERMISSIONS)
        self.nobody = client(tenant_id, set())
        self.anna_in_chat = client(tenant_id, CUSTOMER_PERMISSIONS, "chat")


@asynccontextmanager
async def serving(
    store: TicketStore, database: Database, settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    servicer = TicketServicer(store, TickingClock(), Pace(poll_seconds=0.05))
    register = partial(ticket_service_pb2_grpc.add_TicketServiceServicer_to_server, servicer)
    async with running_server(
        "ticket", register, services_of("ticket"), settings, database=database
    ) as server:
        yield server


@pytest.fixture
async def people(
    sql_store: SqlTicketStore,
    database: Database,
    mesh_settings: MeshSettings,
    tenant_id: TenantId,
    stranger_id: TenantId,
) -> AsyncIterator[People]:
    async with serving(sql_store, database, mesh_settings) as server:
        yield People(server, tenant_id, stranger_id)


async def test_a_ticket_is_opened_and_read_back(people: People) -> None:
    opened = await people.anna.opened(
        tags=["wifi", "lan"], priority=ticket_pb2.TICKET_PRIORITY_HIGH, number=77, status=CLOSED
    )
    assert (opened.number, opened.status, opened.etag) == (1, NEW, '"1"')
    assert (opened.requester_id, list(opened.tags)) == (people.anna.user_id, ["lan", "wifi"])
    assert await people.anna.GetTicket(ticket_id=opened.ticket_id) == opened
    assert await people.alex.GetTicket(ticket_id="#1") == opened


async def test_the_contracts_rules_are_checked(people: People) -> None:
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await people.anna.opened(subject="x" * 201, tags=["NO"])
    assert set(refusals[0].violations) == {"ticket.subject", "ticket.tags[0]"}
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await people.anna.opened(subject="\0")
    assert set(refusals[0].violations) == {"ticket.subject"}


async def test_a_repeated_request_id_opens_one_ticket(people: People) -> None:
    request_id = str(uuid4())
    content = ticket_pb2.Ticket(subject="No Wi-Fi")
    first = await people.anna.CreateTicket(ticket=content, request_id=request_id)
    again = await people.anna.CreateTicket(ticket=content, request_id=request_id)
    assert again == first
    with refused(FAILED_PRECONDITION, "REQUEST_ID_REUSED"):
        await people.anna.CreateTicket(
            ticket=ticket_pb2.Ticket(subject="No VPN"), request_id=request_id
        )
    # Another person's request of the same id is another request.
    other = await people.ben.CreateTicket(ticket=content, request_id=request_id)
    assert other.number == 2
    listed = await people.alex.ListTickets()
    assert len(listed.tickets) == 2


async def test_a_repeated_request_id_writes_one_comment(people: People) -> None:
    ticket = await people.anna.opened()
    fields = {
        "ticket_id": ticket.ticket_id,
        "comment": ticket_pb2.Comment(body="Hm."),
        "request_id": str(uuid4()),
    }
    first = await people.anna.CreateComment(**fields)
    assert await people.anna.CreateComment(**fields) == first
    assert list((await people.anna.ListComments(ticket_id="1")).comments) == [first]
    with refused(FAILED_PRECONDITION, "REQUEST_ID_REUSED"):
        await people.anna.CreateComment(**{**fields, "comment": ticket_pb2.Comment(body="Oh.")})


async def test_chat_alone_hands_over_a_session(people: People) -> None:
    handoff = {
        "ticket": ticket_pb2.Ticket(subject="From chat"),
        "chat_session_id": new_id(),
        "transcript": "Q: Wi-Fi?\nA: I do not know.",
    }
    ticket = await people.anna_in_chat.CreateTicket(**handoff)
    assert ticket.chat_session_id == handoff["chat_session_id"]
    comments = (await people.alex.ListComments(ticket_id=ticket.ticket_id)).comments
    assert [(one.body, one.internal) for one in comments] == [(handoff["transcript"], True)]
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await people.anna.CreateTicket(**handoff)
    assert set(refusals[0].violations) == {"chat_session_id"}


async def test_a_list_is_filtered_ordered_and_paged(people: People) -> None:
    for _ in range(3):
        await people.anna.opened(tags=["wifi"])
    await people.ben.opened()
    first = await people.alex.ListTickets(
        filter="tags:wifi AND status = NEW", order_by="number", page_size=2
    )
    rest = await people.alex.ListTickets(
        filter="tags:wifi AND status = NEW",
        order_by="number",
        page_size=2,
        page_token=first.next_page_token,
    )
    assert [ticket.number for ticket in first.tickets] == [1, 2]
    assert [ticket.number for ticket in rest.tickets] == [3]
    assert not rest.next_page_token
    assert len((await people.anna.ListTickets()).tickets) == 3
    assert not (await people.gerd.ListTickets()).tickets


async def test_a_list_that_cannot_be_asked_for_is_refused(people: People) -> None:
    with refused(INVALID_ARGUMENT, "FILTER_INVALID") as refusals:
        await people.alex.ListTickets(filter="status = NEW OR status = OPEN")
    assert refusals[0].violations == {"filter": "at position 14: expected AND or the end"}
    with refused(INVALID_ARGUMENT, "FILTER_INVALID") as refusals:
        await people.alex.ListTickets(order_by="subject")
    assert set(refusals[0].violations) == {"order_by"}
    with refused(INVALID_ARGUMENT, "PAGE_TOKEN_INVALID"):
        await people.alex.ListTickets(page_token="made-up")
    with refused(INVALID_ARGUMENT, "INVALID_REQUEST"):
        await people.alex.ListTickets(page_size=-1)


async def test_an_update_follows_its_mask_and_etag(people: People) -> None:
    ticket = await people.anna.opened(tags=["wifi"])
    updated = await people.alex.UpdateTicket(
        ticket=ticket_pb2.Ticket(
            ticket_id=ticket.ticket_id, subject="No LAN", body="Ignored.", etag=ticket.etag
        ),
        update_mask=FieldMask(paths=["subject", "tags"]),
    )
    assert (updated.subject, updated.body, list(updated.tags)) == ("No LAN", "Gone.", [])
    assert updated.etag == '"2"'
    with refused(grpc.StatusCode.ABORTED, "TICKET_CHANGED") as refusals:
        await people.alex.UpdateTicket(ticket=ticket)
    assert refusals[0].metadata == {"etag": '"2"'}
    with refused(INVALID_ARGUMENT, "FIELD_NOT_UPDATABLE") as refusals:
        await people.alex.UpdateTicket(ticket=updated, update_mask=FieldMask(paths=["colour"]))
    assert refusals[0].metadata == {"field": "colour"}


async def test_a_ticket_goes_its_whole_way(people: People) -> None:
    ticket = await people.anna.opened()
    seen = [ticket.status]
    for rpc, fields in (
        ("AssignTicket", {"assignee_id": people.alex.user_id}),
        ("PendTicket", {}),
        ("ReopenTicket", {}),
        ("ResolveTicket", {}),
        ("CloseTicket", {}),
    ):
        call = getattr(people.alex, rpc)
        ticket = await call(ticket_id=ticket.ticket_id, etag=ticket.etag, **fields)
        seen.append(ticket.status)
    assert seen == [NEW, OPEN, PENDING, OPEN, RESOLVED, CLOSED]
    events = (await people.alex.ListTicketEvents(ticket_id=ticket.ticket_id)).events
    assert [event.status for event in events] == seen
    assert events[-1].assignee_id == people.alex.user_id
    for rpc in ("AssignTicket", "PendTicket", "ResolveTicket", "ReopenTicket", "CloseTicket"):
        with refused(FAILED_PRECONDITION, "TRANSITION_NOT_ALLOWED") as refusals:
            await getattr(people.alex, rpc)(ticket_id=ticket.ticket_id)
        assert refusals[0].metadata["status"] == "CLOSED"
        with refused(grpc.StatusCode.ABORTED, "TICKET_CHANGED"):
            await getattr(people.alex, rpc)(ticket_id=ticket.ticket_id, etag='"1"')


async def test_internal_comments_are_for_agents(people: People) -> None:
    ticket = await people.anna.opened()
    note = {
        "ticket_id": ticket.ticket_id,
        "comment": ticket_pb2.Comment(body="Again.", internal=True),
    }
    written = await people.alex.CreateComment(**note)
    assert (written.author_id, written.internal) == (people.alex.user_id, True)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "INTERNAL_COMMENT_NOT_ALLOWED"):
        await people.anna.CreateComment(**note)
    assert not (await people.anna.ListComments(ticket_id=ticket.ticket_id)).comments
    assert len((await people.anna.ListTicketEvents(ticket_id=ticket.ticket_id)).events) == 1
    assert len((await people.alex.ListTicketEvents(ticket_id=ticket.ticket_id)).events) == 2


ON_ONE_TICKET: dict[str, dict[str, Any]] = {
    "GetTicket": {},
    "CreateComment": {"comment": ticket_pb2.Comment(body="Hi.")},
    "ListComments": {},
    "AssignTicket": {},
    "PendTicket": {},
    "ResolveTicket": {},
    "ReopenTicket": {},
    "CloseTicket": {},
    "ListTicketEvents": {},
}


async def test_what_belongs_to_others_is_not_found(people: People) -> None:
    ticket = await people.anna.opened()
    for stranger in (people.gerd, people.ben):
        for rpc, fields in ON_ONE_TICKET.items():
            answers = []
            for ticket_id in (ticket.ticket_id, new_id()):
                with refused(NOT_FOUND, "TICKET_NOT_FOUND") as refusals:
                    await getattr(stranger, rpc)(ticket_id=ticket_id, **fields)
                assert refusals[0].metadata == {"ticket_id": ticket_id}
                answers.append(refusals[0].message)
            assert len(set(answers)) == 1
        with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
            await stranger.UpdateTicket(ticket=ticket)
        with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
            await anext(aiter(stranger.WatchTickets(ticket_id=ticket.ticket_id)))
    assert await people.anna.GetTicket(ticket_id=ticket.ticket_id) == ticket


async def test_every_rpc_needs_its_permission(people: People) -> None:
    content = ticket_pb2.Ticket(subject="x")
    for rpc, fields in {
        **{rpc: {"ticket_id": "1", **fields} for rpc, fields in ON_ONE_TICKET.items()},
        "CreateTicket": {"ticket": content},
        "ListTickets": {},
        "UpdateTicket": {"ticket": content},
    }.items():
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await getattr(people.nobody, rpc)(**fields)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await anext(aiter(people.nobody.WatchTickets()))


async def test_of_fifty_updates_of_one_revision_one_is_done(people: People) -> None:
    ticket = await people.anna.opened()

    async def update(place: int) -> str:
        content = ticket_pb2.Ticket(
            ticket_id=ticket.ticket_id, subject="x", body=str(place), etag=ticket.etag
        )
        try:
            return str((await people.alex.UpdateTicket(ticket=content)).body)
        except grpc.aio.AioRpcError as error:
            return error.code().name

    outcomes = Counter(await asyncio.gather(*map(update, range(50))))
    after = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert outcomes == {after.body: 1, "ABORTED": 49}
    assert after.etag == '"2"'


async def test_when_all_read_again_no_update_is_lost(people: People) -> None:
    """Each adds one to what it read, and reads again when somebody else was faster."""
    ticket = await people.anna.opened(body="0")

    async def add_one() -> None:
        while True:
            read = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
            read.body = str(int(read.body) + 1)
            try:
                await people.alex.UpdateTicket(ticket=read)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.ABORTED:
                    raise
            else:
                return

    await asyncio.gather(*(add_one() for _ in range(15)))
    after = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert (after.body, after.etag) == ("15", '"16"')


async def test_without_etags_updates_are_lost(people: People) -> None:
    """The control: the same without the etag forgets what others wrote."""
    ticket = await people.anna.opened(body="0")
    read = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    read.etag = ""
    read.body = "1"
    await asyncio.gather(*(people.alex.UpdateTicket(ticket=read) for _ in range(5)))
    after = await people.alex.GetTicket(ticket_id=ticket.ticket_id)
    assert after.body == "1"


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
