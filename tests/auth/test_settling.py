"""A call that takes access away is answered once the followers of the policy know."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import policy_service_pb2, token_service_pb2, user_service_pb2
from services.auth import settling
from tests.auth.running_auth import Person, RunningAuth
from tests.support.mesh_server import refused

WATCH_ID = "ticket-1"


class Follower:
    """Follows the policy as a service does, but confirms only when it is told to."""

    def __init__(self, auth: RunningAuth, channel: object) -> None:
        self._stub = auth.policy_for(channel)  # type: ignore[arg-type]
        request = policy_service_pb2.WatchPolicyRequest(watch_id=WATCH_ID)
        self._call = self._stub.WatchPolicy(request)
        self._events = aiter(self._call)

    async def next_version(self) -> int:
        event = await anext(self._events)
        return int(event.snapshot.version or event.change.version)

    async def confirm(self, version: int) -> None:
        await self._stub.ConfirmPolicy(
            policy_service_pb2.ConfirmPolicyRequest(watch_id=WATCH_ID, version=version)
        )

    def close(self) -> None:
        self._call.cancel()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "LONGEST_WAIT_SECONDS", 20.0)


@pytest.fixture
async def admin(auth: RunningAuth) -> Person:
    return await auth.admin()


@pytest.fixture
async def agent(auth: RunningAuth, admin: Person) -> Person:
    return await auth.colleague(admin, "agent")


@pytest.fixture
async def follower(auth: RunningAuth, agent: Person) -> AsyncIterator[Follower]:
    async with auth.channel_of("ticket") as channel:
        follower = Follower(auth, channel)
        await follower.confirm(await follower.next_version())
        yield follower
        follower.close()


async def is_answered_only_after_the_word_of(follower: Follower, call: Awaitable[object]) -> None:
    answer = asyncio.ensure_future(call)
    version = await follower.next_version()
    done, _ = await asyncio.wait([answer], timeout=0.3)
    assert not done
    await follower.confirm(version)
    await answer


def disabling(auth: RunningAuth, admin: Person, agent: Person) -> Awaitable[object]:
    request = user_service_pb2.DisableUserRequest(user_id=agent.user.user_id)
    return auth.users.DisableUser(request, metadata=admin.metadata)


async def test_a_user_is_disabled_everywhere_when_that_is_answered(
    auth: RunningAuth, admin: Person, agent: Person, follower: Follower
) -> None:
    await is_answered_only_after_the_word_of(follower, disabling(auth, admin, agent))


async def test_roles_are_taken_everywhere_when_that_is_answered(
    auth: RunningAuth, admin: Person, agent: Person, follower: Follower
) -> None:
    request = user_service_pb2.SetUserRolesRequest(user_id=agent.user.user_id, roles=["customer"])
    call = auth.users.SetUserRoles(request, metadata=admin.metadata)
    await is_answered_only_after_the_word_of(follower, call)


async def test_a_session_has_ended_everywhere_when_that_is_answered(
    auth: RunningAuth, agent: Person, follower: Follower
) -> None:
    request = token_service_pb2.RevokeTokenRequest(refresh_token=agent.refresh_token)
    await is_answered_only_after_the_word_of(follower, auth.tokens.RevokeToken(request))


async def test_a_refusal_that_ends_a_session_waits_too(
    auth: RunningAuth, agent: Person, follower: Follower
) -> None:
    request = token_service_pb2.RefreshTokenRequest(refresh_token=agent.refresh_token)
    await auth.tokens.RefreshToken(request)

    async def use_again() -> None:
        with refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID"):
            await auth.tokens.RefreshToken(request)

    await is_answered_only_after_the_word_of(follower, use_again())


async def test_what_changes_no_policy_waits_for_nobody(
    auth: RunningAuth, admin: Person, follower: Follower
) -> None:
    request = user_service_pb2.UpdateUserRequest()
    request.user.user_id = admin.user.user_id
    request.user.display_name = "Another name"
    request.update_mask.paths.append("display_name")
    await auth.users.UpdateUser(request, metadata=admin.metadata)


async def test_a_follower_that_hangs_holds_up_one_change_for_a_while(
    auth: RunningAuth,
    admin: Person,
    agent: Person,
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settling, "LONGEST_WAIT_SECONDS", 0.05)
    async with asyncio.timeout(10):
        await disabling(auth, admin, agent)
        monkeypatch.setattr(settling, "LONGEST_WAIT_SECONDS", 60.0)
        request = user_service_pb2.EnableUserRequest(user_id=agent.user.user_id)
        await auth.users.EnableUser(request, metadata=admin.metadata)


async def test_control_without_the_wait_the_answer_comes_first(
    auth: RunningAuth,
    admin: Person,
    agent: Person,
    follower: Follower,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def settled(version: int, seconds: float) -> bool:
        return True

    monkeypatch.setattr(auth.auth.watchers, "settled", settled)
    with pytest.raises(AssertionError):
        await is_answered_only_after_the_word_of(follower, disabling(auth, admin, agent))
