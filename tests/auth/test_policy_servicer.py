"""The policy stream on a real server, as the other services see it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import policy_service_pb2, user_service_pb2
from services.mesh.access import Access
from services.mesh.authority import RemoteAuthority
from services.mesh.caller import TenantId, UserId
from services.mesh.policy_messages import rules_of
from tests.auth.running_auth import RunningAuth, new_user
from tests.support.mesh_server import refused

WATCH = policy_service_pb2.WatchPolicyRequest()


@pytest.fixture
async def events(auth: RunningAuth) -> AsyncIterator[AsyncIterator[policy_service_pb2.PolicyEvent]]:
    async with auth.channel_of("ticket") as channel:
        call = auth.policy_for(channel).WatchPolicy(WATCH)
        yield aiter(call)
        call.cancel()


async def test_the_stream_begins_with_the_whole_policy(auth: RunningAuth) -> None:
    admin = await auth.admin()
    tenant_id = await tenant_of(auth, admin.metadata[0][1])
    async with auth.channel_of("chat") as channel:
        call = auth.policy_for(channel).WatchPolicy(WATCH)
        event = await anext(aiter(call))
        call.cancel()
    assert event.seq == 1
    access = Access()
    snapshot = event.snapshot
    access.load(snapshot.version, snapshot.digest, rules_of(snapshot.rules))
    permissions = access.permissions(tenant_id, UserId(admin.user.user_id))
    assert "auth.users.create" in permissions


async def test_a_change_of_roles_arrives_within_a_second(
    auth: RunningAuth, events: AsyncIterator[policy_service_pb2.PolicyEvent]
) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    await auth.users.SetUserRoles(
        user_service_pb2.SetUserRolesRequest(user_id=agent.user.user_id, roles=["customer"]),
        metadata=admin.metadata,
    )
    seqs = []
    async with asyncio.timeout(1):
        async for event in events:
            seqs.append(event.seq)
            if roles_in(event, agent.user.user_id) == ["customer"]:
                break
    assert seqs == list(range(1, len(seqs) + 1))


async def test_a_change_with_a_request_id_arrives_too(
    auth: RunningAuth, events: AsyncIterator[policy_service_pb2.PolicyEvent]
) -> None:
    admin = await auth.admin()
    user = await auth.users.CreateUser(
        new_user("bob@x.org", "agent", request_id="0b57fcf5-6a1c-4b1c-9d56-64e53c2d33b1"),
        metadata=admin.metadata,
    )
    async with asyncio.timeout(1):
        async for event in events:
            if roles_in(event, user.user_id) == ["agent"]:
                break


async def test_the_gateway_may_not_watch(auth: RunningAuth) -> None:
    with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
        async for _ in auth.policy_for(auth.channel).WatchPolicy(WATCH):
            pass


async def test_another_service_believes_auths_tokens_and_policy(auth: RunningAuth) -> None:
    admin = await auth.admin()
    settings = auth.settings.model_copy(update={"auth_address": f"ipv4:127.0.0.1:{auth.port}"})
    remote = RemoteAuthority(settings, caller_service="ticket")
    following = asyncio.create_task(remote.run())
    async with asyncio.timeout(5):
        await remote.wait_until_current()
    claims = await remote.verify(admin.metadata[0][1].removeprefix("Bearer "))
    permissions = remote.permissions(claims.tenant_id, claims.user_id)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await remote.close()
    assert claims.user_id == admin.user.user_id
    assert "auth.users.create" in permissions


def roles_in(event: policy_service_pb2.PolicyEvent, user_id: str) -> list[str]:
    return [
        rule.membership.role
        for rule in (*event.snapshot.rules, *event.change.added)
        if rule.membership.user_id == user_id
    ]


async def tenant_of(auth: RunningAuth, authorization: str) -> TenantId:
    claims = await auth.auth.authority.verify(authorization.removeprefix("Bearer "))
    return claims.tenant_id
