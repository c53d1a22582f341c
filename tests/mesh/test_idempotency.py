"""Retries against a server with a database, on both kinds of database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode
from sqlalchemy import Column, MetaData, String, Table, func, insert, select, text

from helpdesk.auth.v1 import auth_pb2, token_service_pb2, user_service_pb2_grpc
from services.mesh.caller import TenantId, UserId, current_tenant
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.errors import NotFound
from services.mesh.idempotency import RememberedReplies, RequestKey
from services.mesh.ids import new_id
from services.mesh.interceptors.idempotency import request_digest, secret_paths
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES, Scripted, create_user
from tests.support.mesh_server import RunningServer, TestUser, refused, running_server

MAY = ["auth.users.create"]
METHOD = "/helpdesk.auth.v1.UserService/CreateUser"

people = Table(
    "people",
    MetaData(),
    Column("tenant_id", String(64), primary_key=True),
    Column("user_id", String(64), primary_key=True),
)

FIRST = """
import sqlalchemy as sa
from alembic import op
from services.mesh.idempotency import create_idempotency_table
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None

def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("tenant_id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
    )
    enable_row_security(op, "people")
    create_idempotency_table(op)
"""


class UserNotFound(NotFound):
    domain = "helpdesk.auth"
    reason = "USER_NOT_FOUND"


@pytest.fixture
async def database(database_url: AnyAddress, tmp_path: Path) -> AsyncIterator[Database]:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_create_people.py").write_text(FIRST)
    database = Database(database_url)
    await database.migrate(versions.parent)
    yield database
    await database.close()


@pytest.fixture
async def server(
    scripted: Scripted, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    async def create(request: Any, _: object) -> auth_pb2.User:  # noqa: ANN401
        user_id = new_id()
        async with database.tenant_transaction(current_tenant()) as session:
            await session.execute(
                insert(people).values(tenant_id=current_tenant(), user_id=user_id)
            )
        return auth_pb2.User(user_id=user_id, display_name=request.user.display_name)

    scripted.answers["CreateUser"] = create
    async with running_server(
        "auth", scripted.register, SERVICES, mesh_settings, database=database
    ) as server:
        yield server


async def create(server: RunningServer, user: TestUser, request: object) -> auth_pb2.User:
    stub: Any = user_service_pb2_grpc.UserServiceStub(server.channel())
    user_made: auth_pb2.User = await stub.CreateUser(request, metadata=user.metadata)
    return user_made


async def count(database: Database) -> int:
    async with database.system_transaction() as session:
        return (await session.execute(select(func.count()).select_from(people))).scalar_one()


async def test_the_same_request_again_gets_the_same_answer_and_is_done_once(
    server: RunningServer, database: Database
) -> None:
    ann = server.user(permissions=MAY)
    request = create_user(request_id=new_id())
    first = await create(server, ann, request)
    assert await create(server, ann, request) == first
    assert await count(database) == 1


async def test_control_without_a_request_id_it_is_done_twice(
    server: RunningServer, database: Database
) -> None:
    ann = server.user(permissions=MAY)
    await create(server, ann, create_user())
    await create(server, ann, create_user())
    assert await count(database) == 2


async def test_fifty_at_once_are_done_once(server: RunningServer, database: Database) -> None:
    ann = server.user(permissions=MAY)
    request = create_user(request_id=new_id())
    answers = await asyncio.gather(*(create(server, ann, request) for _ in range(50)))
    assert len({answer.user_id for answer in answers}) == 1
    assert await count(database) == 1


async def test_the_id_of_another_request_is_refused(
    server: RunningServer, database: Database
) -> None:
    ann = server.user(permissions=MAY)
    request_id = new_id()
    await create(server, ann, create_user("Ann", request_id))
    with refused(StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED") as found:
        await create(server, ann, create_user("Bob", request_id))
    assert found[0].metadata == {"request_id": request_id}
    assert await count(database) == 1


async def test_two_tenants_and_two_users_may_choose_the_same_id(
    server: RunningServer, database: Database
) -> None:
    request = create_user(request_id=new_id())
    for tenant_id in ("acme", "globex"):
        for _ in range(2):
            await create(server, server.user(tenant_id=tenant_id, permissions=MAY), request)
    assert await count(database) == 4


async def test_what_failed_is_not_remembered(
    server: RunningServer, scripted: Scripted, database: Database
) -> None:
    works = scripted.answers["CreateUser"]

    async def work_and_fail(request: object, context: Any) -> None:  # noqa: ANN401
        await works(request, context)
        raise UserNotFound("No.")

    ann = server.user(permissions=MAY)
    request = create_user(request_id=new_id())
    scripted.answers["CreateUser"] = work_and_fail
    with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        await create(server, ann, request)
    assert await count(database) == 0
    scripted.answers["CreateUser"] = works
    await create(server, ann, request)
    assert await count(database) == 1


async def test_a_method_that_keeps_ids_itself_is_left_alone(
    scripted: Scripted, database: Database, mesh_settings: MeshSettings
) -> None:
    async with running_server(
        "auth",
        scripted.register,
        SERVICES,
        mesh_settings,
        database=database,
        handled_by_service=frozenset({METHOD}),
    ) as server:
        ann = server.user(permissions=MAY)
        request = create_user(request_id=new_id())
        await create(server, ann, request)
        await create(server, ann, request)
    assert scripted.calls["CreateUser"] == 2


async def test_replies_are_forgotten_after_a_day(database: Database) -> None:
    now = utc_now()
    key = RequestKey(TenantId("acme"), UserId("ann"), METHOD, new_id())
    replies = RememberedReplies(database, lambda: now)
    for hours, is_known in ((0, False), (23, True), (25, False)):
        now = utc_now() + timedelta(hours=hours)
        await replies.prune()
        async with database.tenant_transaction(key.tenant_id) as session:
            known = await replies.claim(session, key, b"digest")
            await replies.keep(session, key, b"reply")
        assert known == (b"reply" if is_known else None)


async def test_no_secret_is_kept_not_even_as_a_digest(
    server: RunningServer, database: Database
) -> None:
    request = create_user(request_id=new_id())
    secrets = secret_paths(request.DESCRIPTOR)
    other = create_user(request_id=new_id(), password="another one")
    assert request_digest(request, secrets) == request_digest(other, secrets)
    # The control: without the list of secrets the password can be tried against the digest.
    assert request_digest(request) != request_digest(other)
    await create(server, server.user(permissions=MAY), request)
    async with database.system_transaction() as session:
        rows = (await session.execute(text("SELECT * FROM remembered_replies"))).all()
    assert len(rows) == 1
    assert request.password not in str(rows)


def test_secrets_are_found_in_nested_messages() -> None:
    request = token_service_pb2.IssueTokenRequest()
    found = set(secret_paths(request.DESCRIPTOR))

    assert {("password", "password"), ("client_credentials", "client_secret")} <= found
