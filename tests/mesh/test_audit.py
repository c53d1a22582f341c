"""Every audited call leaves its record in the commit of its change, on both kinds of database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from helpdesk.auth.v1 import (
    auth_pb2,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2_grpc,
)
from services.mesh.audit import bookkeeping
from services.mesh.audit.ledger import NOBODY, Ledger
from services.mesh.audit.unattributed import WRITTEN_OUT_PER_MINUTE
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.errors import NotFound
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from tests.mesh.audited import ACME, METHOD, Office, an_office, opened_database
from tests.mesh.scripted import SERVICES, Scripted, create_user
from tests.support.mesh_server import refused, running_server


class UserNotFound(NotFound):
    domain = "helpdesk.auth"
    reason = "USER_NOT_FOUND"


@pytest.fixture
async def database(database_url: AnyAddress, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened_database(database_url, tmp_path) as database:
        yield database


@pytest.fixture
async def office(
    scripted: Scripted, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[Office]:
    async with an_office(scripted, database, mesh_settings) as office:
        yield office


async def test_a_change_is_recorded_with_who_did_what_on_what(office: Office) -> None:
    made = await office.create(create_user())

    (record,) = await office.records()
    assert (record.seq, record.tenant_id, record.user_id) == (1, ACME, office.ann.user_id)
    assert (record.method, record.calling_service) == (METHOD, "gateway")
    assert (record.resource_kind, record.resource_id) == ("user", made.user_id)
    assert (record.outcome, record.code, record.reason) == ("COMMITTED", "OK", "")


async def test_a_record_names_the_request_and_the_trace(office: Office) -> None:
    stub: Any = user_service_pb2_grpc.UserServiceStub(office.server.channel())
    request_id, trace_id = new_id(), "0af7651916cd43dd8448eb211c80319c"
    named = (("x-request-id", request_id), ("traceparent", f"00-{trace_id}-b7ad6b7169203331-01"))
    await stub.CreateUser(create_user(), metadata=(*office.ann.metadata, *named))

    (record,) = await office.records()
    assert (record.request_id, record.trace_id) == (request_id, trace_id)


async def test_a_change_whose_record_cannot_be_written_does_not_happen(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("no room for records")

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "append", fail)
        with refused(StatusCode.INTERNAL, "INTERNAL"):
            await office.create(create_user())

    assert await office.people() == set()
    # The control: with the ledger whole, the same request changes something.
    await office.create(create_user())
    assert len(await office.people()) == 1


async def test_a_change_that_fails_leaves_a_refusal_and_no_more(office: Office) -> None:
    works = office.scripted.answers["CreateUser"]

    async def work_and_fail(request: object, context: Any) -> None:  # noqa: ANN401
        async with office.database.tenant_transaction(ACME):
            await works(request, context)
            raise UserNotFound("No.")

    office.scripted.answers["CreateUser"] = work_and_fail
    with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        await office.create(create_user())

    assert await office.people() == set()
    (record,) = await office.records()
    assert (record.outcome, record.code, record.reason) == (
        "REFUSED",
        "NOT_FOUND",
        "USER_NOT_FOUND",
    )


async def test_a_repeated_request_leaves_a_replay_and_no_second_change(office: Office) -> None:
    request = create_user(request_id=new_id())
    made = await office.create(request)
    await office.create(request)

    first, second = await office.records()
    assert (first.outcome, second.outcome) == ("COMMITTED", "REPLAYED")
    assert first.resource_id == second.resource_id == made.user_id


async def test_who_lacks_the_permission_is_recorded_in_the_own_tenant(office: Office) -> None:
    bob = office.server.user(permissions=["auth.users.get"])
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await office.create(create_user(), bob)

    (record,) = await office.records()
    assert (record.user_id, record.outcome, record.reason) == (
        bob.user_id,
        "REFUSED",
        "PERMISSION_MISSING",
    )


async def test_a_service_that_may_not_call_is_recorded_by_its_certificate(office: Office) -> None:
    stub: Any = user_service_pb2_grpc.UserServiceStub(office.server.channel("search"))
    with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
        await stub.CreateUser(create_user(), metadata=office.ann.metadata)

    (record,) = await office.records(NOBODY)
    assert (record.calling_service, record.reason) == ("search", "CALLER_NOT_ALLOWED")


async def test_a_flood_of_calls_without_a_tenant_is_counted(office: Office) -> None:
    stub: Any = user_service_pb2_grpc.UserServiceStub(office.server.channel())
    for _ in range(WRITTEN_OUT_PER_MINUTE + 7):
        with refused(StatusCode.UNAUTHENTICATED, "TOKEN_MISSING"):
            await stub.CreateUser(create_user())
    trail = office.server.mesh_server.trail
    assert trail is not None
    await trail.anchor()

    records = await office.records(NOBODY)
    assert len(records) == WRITTEN_OUT_PER_MINUTE + 1
    assert sum(record.count for record in records) == WRITTEN_OUT_PER_MINUTE + 7


async def test_a_call_that_changes_nothing_is_recorded_as_answered(office: Office) -> None:
    stub: Any = token_service_pb2_grpc.TokenServiceStub(office.server.channel())
    await stub.IssueToken(
        token_service_pb2.IssueTokenRequest(
            client_credentials=token_service_pb2.ClientCredentialsGrant(
                client_id="c", client_secret="s"
            )
        )
    )

    assert [record.outcome for record in await office.records(NOBODY)] == ["ANSWERED"]


async def test_bookkeeping_is_not_a_change(office: Office) -> None:
    works = office.scripted.answers["CreateUser"]

    async def keep_books(request: object, context: Any) -> auth_pb2.User:  # noqa: ANN401
        with bookkeeping():
            made: auth_pb2.User = await works(request, context)
            return made

    office.scripted.answers["CreateUser"] = keep_books
    await office.create(create_user())

    assert [record.outcome for record in await office.records()] == ["ANSWERED"]


async def test_a_call_that_is_cancelled_is_recorded(office: Office) -> None:
    begun = asyncio.Event()

    async def wait(request: object, context: Any) -> None:  # noqa: ANN401
        begun.set()
        await asyncio.Event().wait()

    office.scripted.answers["CreateUser"] = wait
    call = asyncio.ensure_future(office.create(create_user()))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await office.server.mesh_server.stop(5)

    assert [(r.outcome, r.code) for r in await office.records()] == [("REFUSED", "CANCELLED")]


async def test_an_ordinary_read_is_not_recorded(office: Office) -> None:
    stub: Any = token_service_pb2_grpc.TokenServiceStub(office.server.channel())
    await stub.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())

    assert await office.records() == await office.records(NOBODY) == []


async def test_writers_at_once_leave_a_chain_without_gaps(office: Office) -> None:
    globex = office.server.user(tenant_id="globex", permissions=["auth.users.create"])
    calls = [office.create(create_user(), user) for _ in range(50) for user in (None, globex)]
    made = {user.user_id for user in await asyncio.gather(*calls)}

    for tenant_id in (ACME, TenantId("globex")):
        records = await office.records(tenant_id)
        assert [record.seq for record in records] == list(range(1, 51))
        assert (await office.verdict(tenant_id)).fault is None
        made -= {record.resource_id for record in records}
    assert made == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET user_id = 'mallory'",
        "DELETE FROM audit_records",
        "DELETE FROM audit_records WHERE tenant_id = 'acme'",
    ],
)
async def test_records_are_only_ever_added(office: Office, statement: str) -> None:
    await office.create(create_user())
    with pytest.raises(DBAPIError, match=r"only ever added|permission denied"):
        async with office.database.system_transaction() as session:
            await session.execute(text(statement))

    assert len(await office.records()) == 1


async def test_a_key_that_is_replaced_leaves_the_chain_sound(office: Office) -> None:
    await office.create(create_user())
    trail = office.server.mesh_server.trail
    assert trail is not None
    trail.keys.rotate()
    await office.create(create_user())

    first, second = await office.records()
    assert first.key_id != second.key_id
    assert (await office.verdict()).fault is None


async def test_only_the_service_may_read_its_keys(office: Office) -> None:
    (file,) = (office.folder / "audit-keys").iterdir()

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


async def test_the_request_id_of_a_caller_is_kept_only_in_the_form_of_an_id(
    office: Office,
) -> None:
    stub: Any = user_service_pb2_grpc.UserServiceStub(office.server.channel())
    chosen = new_id()
    for request_id in (chosen, "ann.smith"):
        metadata = (*office.ann.metadata, ("x-request-id", request_id))
        await stub.CreateUser(create_user(), metadata=metadata)

    first, second = await office.records()
    assert first.request_id == chosen
    assert "ann" not in second.request_id
    assert len(second.request_id) == 32


async def test_without_announcing_its_audit_a_server_keeps_none(
    scripted: Scripted, mesh_settings: MeshSettings, database: Database
) -> None:
    """The control of all of the above."""
    async with running_server(
        "auth", scripted.register, SERVICES, mesh_settings, database=database
    ) as server:
        stub: Any = user_service_pb2_grpc.UserServiceStub(server.channel())
        user = server.user(permissions=["auth.users.create"])
        await stub.CreateUser(create_user(), metadata=user.metadata)
    async with database.system_reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM audit_records"))).scalar() == 0
