import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk.auth.v1 import (
    auth_pb2,
    policy_service_pb2,
    policy_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2_grpc,
)
from services.mesh.call import begin_call
from services.mesh.channel import MeshChannel, connect, service_config
from services.mesh.contract import Contract, services_of
from services.mesh.deadline import start_deadline
from services.mesh.errors import (
    CallerNotAllowed,
    Internal,
    InvalidRequest,
    NotFound,
    PeerUnavailable,
    PermissionMissing,
    ResourceExhausted,
)
from services.mesh.ids import is_id
from services.mesh.peer_errors import PeerError
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES, Scripted, create_user
from tests.support.mesh_server import RunningServer, running_server

KEYS = token_service_pb2.GetSigningKeysRequest()
IDENTITY = token_service_pb2.GetIdentityRequest()
WATCH = policy_service_pb2.WatchPolicyRequest()


class UserNotFound(NotFound):
    domain = "helpdesk.auth"
    reason = "USER_NOT_FOUND"


class TooManyLogins(ResourceExhausted):
    domain = "helpdesk.auth"
    reason = "TOO_MANY_LOGINS"


@pytest.fixture
async def channel(server: RunningServer) -> AsyncIterator[MeshChannel]:
    async with connect(
        server.settings_with_peer(), caller_service="gateway", peer="auth"
    ) as channel:
        yield channel


def tokens(channel: MeshChannel) -> Any:  # noqa: ANN401
    return token_service_pb2_grpc.TokenServiceStub(channel)


async def test_the_callers_token_request_id_and_deadline_travel_on(
    server: RunningServer, scripted: Scripted, channel: MeshChannel
) -> None:
    ann = server.user(permissions=["auth.identity.get"])
    call = begin_call("/a.B/C", {"x-request-id": ["req-7"]})
    call.token = ann.token
    start_deadline(1.0)
    await tokens(channel).GetIdentity(IDENTITY)
    context = scripted.contexts[0]
    metadata = dict(context.invocation_metadata() or ())
    assert metadata["x-request-id"] == "req-7"
    assert metadata["authorization"] == f"Bearer {ann.token}"
    assert context.time_remaining() <= 0.98


async def test_without_a_deadline_the_contracts_is_set(
    scripted: Scripted, channel: MeshChannel
) -> None:
    await tokens(channel).GetSigningKeys(KEYS)
    assert 1.0 < scripted.contexts[0].time_remaining() <= 2.0


async def test_a_request_id_is_filled_in_and_the_callers_message_left_alone(
    server: RunningServer, scripted: Scripted, channel: MeshChannel
) -> None:
    seen: list[str] = []

    async def look(request: Any, _: object) -> auth_pb2.User:  # noqa: ANN401
        seen.append(request.request_id)
        return auth_pb2.User()

    scripted.answers["CreateUser"] = look
    ann = server.user(permissions=["auth.users.create"])
    stub: Any = user_service_pb2_grpc.UserServiceStub(channel)
    request = create_user()
    await stub.CreateUser(request, metadata=ann.metadata)
    assert is_id(seen[0])
    assert request.request_id == ""
    chosen = "0190e0a0-0000-7000-8000-000000000000"
    await stub.CreateUser(create_user(request_id=chosen), metadata=ann.metadata)
    assert seen[1] == chosen


async def test_a_peers_refusal_keeps_domain_reason_and_kind(
    scripted: Scripted, channel: MeshChannel
) -> None:
    async def fail(_: object, __: object) -> None:
        raise UserNotFound("There is no such user.", metadata={"user_id": "7"})

    scripted.answers["GetSigningKeys"] = fail
    with pytest.raises(NotFound) as caught:
        await tokens(channel).GetSigningKeys(KEYS)
    error = caught.value
    assert isinstance(error, PeerError)
    assert (error.domain, error.reason) == ("helpdesk.auth", "USER_NOT_FOUND")
    assert (error.message, error.metadata) == ("There is no such user.", {"user_id": "7"})


async def test_a_peers_wish_to_wait_is_kept(scripted: Scripted, channel: MeshChannel) -> None:
    async def fail(_: object, __: object) -> None:
        raise TooManyLogins("Wait.", retry_after=timedelta(seconds=3))

    scripted.answers["GetSigningKeys"] = fail
    with pytest.raises(ResourceExhausted) as caught:
        await tokens(channel).GetSigningKeys(KEYS)
    assert caught.value.retry_after == timedelta(seconds=3)


async def test_a_users_missing_permission_at_the_peer_is_the_users(
    server: RunningServer, channel: MeshChannel
) -> None:
    stranger = server.user()
    with pytest.raises(PeerError) as caught:
        await tokens(channel).GetIdentity(IDENTITY, metadata=stranger.metadata)
    assert caught.value.reason == PermissionMissing.reason


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), InvalidRequest("x"), CallerNotAllowed("x"), Internal("x")]
)
async def test_a_mistake_between_services_is_internal(
    scripted: Scripted, channel: MeshChannel, error: Exception
) -> None:
    async def fail(_: object, __: object) -> None:
        raise error

    scripted.answers["GetSigningKeys"] = fail
    with pytest.raises(Internal):
        await tokens(channel).GetSigningKeys(KEYS)


async def test_a_peer_that_is_away_is_unavailable(mesh_settings: MeshSettings) -> None:
    nowhere = mesh_settings.model_copy(update={"auth_address": "ipv4:127.0.0.1:1"})
    async with connect(nowhere, caller_service="gateway", peer="auth") as channel:
        with pytest.raises(PeerUnavailable) as caught:
            await tokens(channel).GetSigningKeys(KEYS)
    assert caught.value.metadata == {"peer": "auth"}
    assert caught.value.retry_after is not None


async def test_a_call_that_is_idempotent_is_tried_again(
    scripted: Scripted, channel: MeshChannel
) -> None:
    async def fail_at_first(_: object, __: object) -> token_service_pb2.JsonWebKeySet:
        if scripted.calls["GetSigningKeys"] < 3:
            raise PeerUnavailable("Later.")
        return token_service_pb2.JsonWebKeySet()

    scripted.answers["GetSigningKeys"] = fail_at_first
    await tokens(channel).GetSigningKeys(KEYS)
    assert scripted.calls["GetSigningKeys"] == 3


async def test_a_call_that_is_not_idempotent_is_made_once(
    scripted: Scripted, channel: MeshChannel
) -> None:
    async def fail(_: object, __: object) -> None:
        raise PeerUnavailable("Later.")

    scripted.answers["IssueToken"] = fail
    grant = token_service_pb2.ClientCredentialsGrant(client_id="a", client_secret="b")
    with pytest.raises(PeerUnavailable):
        await tokens(channel).IssueToken(
            token_service_pb2.IssueTokenRequest(client_credentials=grant)
        )
    assert scripted.calls["IssueToken"] == 1


async def test_a_stream_is_iterated_and_its_error_mapped(
    server: RunningServer, scripted: Scripted
) -> None:
    async def stream(_: object, __: object) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        yield policy_service_pb2.PolicyEvent(seq=1)
        raise UserNotFound("Gone.")

    scripted.stream = stream
    async with connect(server.settings_with_peer(), caller_service="chat", peer="auth") as channel:
        stub: Any = policy_service_pb2_grpc.PolicyServiceStub(channel)
        events = stub.WatchPolicy(WATCH)
        assert (await anext(events)).seq == 1
        with pytest.raises(NotFound, match="Gone"):
            await anext(events)


@pytest.mark.parametrize("area", ["auth", "ticket", "search", "chat"])
def test_only_idempotent_methods_are_retried_and_gRPC_sets_no_timeout(area: str) -> None:  # noqa: N802
    text = service_config(services_of(area))
    assert "timeout" not in text.lower()
    config = json.loads(text)
    retried = {
        f"/{name['service']}/{name['method']}"
        for method in config["methodConfig"]
        for name in method["name"]
    }
    contract = Contract(services_of(area))
    assert retried == {name for name, policy in contract.methods() if policy.idempotent}
    assert config["methodConfig"][0]["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert config["retryThrottling"]


async def test_several_addresses_share_the_calls(mesh_settings: MeshSettings) -> None:
    first, second = Scripted(), Scripted()
    async with (
        running_server("auth", first.register, SERVICES, mesh_settings) as one,
        running_server("auth", second.register, SERVICES, mesh_settings) as other,
    ):
        both = f"ipv4:127.0.0.1:{one.port},127.0.0.1:{other.port}"
        settings = mesh_settings.model_copy(update={"auth_address": both})
        async with connect(settings, caller_service="gateway", peer="auth") as channel:
            for script in (first, second):
                while not script.calls:
                    await tokens(channel).GetSigningKeys(KEYS)


async def test_a_new_certificate_means_a_new_connection_and_no_failed_call(
    scripted: Scripted, tmp_path: Path
) -> None:
    settings = MeshSettings(data=tmp_path)
    async with (
        running_server("auth", scripted.register, SERVICES, settings) as server,
        connect(server.settings_with_peer(), caller_service="gateway", peer="auth") as channel,
    ):
        await tokens(channel).GetSigningKeys(KEYS)
        assert not channel.refresh()
        folder = settings.certificates_folder
        (folder / "gateway").unlink()
        assert not channel.refresh()
        await server.mesh_server.renew_certificates()
        assert channel.refresh()
        await tokens(channel).GetSigningKeys(KEYS)
    assert scripted.calls["GetSigningKeys"] == 2
