"""The whole service once on PostgreSQL, whose row security sees every statement."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from grpc import StatusCode
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from helpdesk.auth.v1 import token_service_pb2, user_service_pb2
from services.mesh.database_address import DatabaseAddress
from services.mesh.ids import new_id
from tests.auth.running_auth import (
    RunningAuth,
    a_slug,
    bearer,
    new_tenant,
    new_user,
    running_auth,
)
from tests.support.mesh_server import refused


@pytest.fixture
async def auth(tmp_path: Path, postgresql_url: DatabaseAddress) -> AsyncIterator[RunningAuth]:
    async with running_auth(tmp_path, postgresql_url) as auth:
        yield auth


async def test_a_tenant_from_its_making_to_the_end_of_a_session(auth: RunningAuth) -> None:
    operator, slug = await auth.operator(), a_slug()
    tenant_request = new_tenant(slug)
    tenant_request.request_id = new_id()
    for _ in range(2):
        await auth.tenants.CreateTenant(tenant_request, metadata=operator.metadata)
    admin = await auth.log_in(slug, "ada@example.com")
    user_request = new_user("bob@x.org", "agent", request_id=new_id())
    made = [await auth.users.CreateUser(user_request, metadata=admin.metadata) for _ in range(2)]
    assert made[0] == made[1]
    users = await auth.users.ListUsers(user_service_pb2.ListUsersRequest(), metadata=admin.metadata)
    assert [user.email for user in users.users] == ["ada@example.com", "bob@x.org"]
    agent = await auth.log_in(slug, "bob@x.org")
    await auth.users.SetUserRoles(
        user_service_pb2.SetUserRolesRequest(user_id=agent.user.user_id, roles=["admin"]),
        metadata=admin.metadata,
    )
    assert await auth.users.CreateUser(new_user("eve@x.org"), metadata=agent.metadata)
    await auth.tokens.RefreshToken(
        token_service_pb2.RefreshTokenRequest(refresh_token=agent.refresh_token)
    )
    with refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID"):
        await auth.tokens.RefreshToken(
            token_service_pb2.RefreshTokenRequest(refresh_token=agent.refresh_token)
        )
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.users.ListUsers(user_service_pb2.ListUsersRequest(), metadata=agent.metadata)


@pytest.mark.parametrize("table", ["signing_keys", "login_failures"])
async def test_the_role_that_serves_tenants_cannot_read(
    auth: RunningAuth, postgresql_url: DatabaseAddress, table: str
) -> None:
    assert auth.port
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await rows_of(postgresql_url.url, table)
    # The control: it is the missing grant alone that keeps the role out.
    assert postgresql_url.owner_url
    role = make_url(postgresql_url.url).username
    async with await connected(postgresql_url.owner_url) as owner:
        await owner.execute(
            SQL("GRANT SELECT ON {} TO {}").format(Identifier(table), Identifier(str(role)))
        )
    assert await rows_of(postgresql_url.url, table) == (1 if table == "signing_keys" else 0)


async def rows_of(url: str, table: str) -> int:
    async with await connected(url) as connection:
        rows = await connection.execute(SQL("SELECT * FROM {}").format(Identifier(table)))
        return len(await rows.fetchall())


async def connected(url: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
    address = make_url(url).set(drivername="postgresql")
    return await psycopg.AsyncConnection.connect(address.render_as_string(hide_password=False))


async def test_a_client_and_a_stranger(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    client = await auth.users.CreateClient(
        user_service_pb2.CreateClientRequest(display_name="Robot", roles=["agent"]),
        metadata=admin.metadata,
    )
    token = await auth.tokens.IssueToken(
        token_service_pb2.IssueTokenRequest(
            client_credentials=token_service_pb2.ClientCredentialsGrant(
                client_id=client.client_id, client_secret=client.client_secret
            )
        )
    )
    request = user_service_pb2.GetUserRequest(user_id=admin.user.user_id)
    found = await auth.users.GetUser(request, metadata=bearer(token.access_token))
    assert found == admin.user
    with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        await auth.users.GetUser(request, metadata=stranger.metadata)
