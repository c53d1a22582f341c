from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
from grpc import StatusCode
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from helpdesk.auth.v1 import (
    policy_service_pb2,
    policy_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from services.mesh.caller import Caller, current_caller
from services.mesh.contract import ContractError
from services.mesh.errors import NotFound
from services.mesh.interceptors.errors import errors
from services.mesh.server import MeshServer
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES, Scripted, create_user
from tests.support.mesh_server import FakeAuthority, RunningServer, refused, running_server

SECRET = "column users.password_hash is missing"
IDENTITY = token_service_pb2.GetIdentityRequest()
WATCH = policy_service_pb2.WatchPolicyRequest()
MAY = ["auth.identity.get", "auth.users.create", "auth.users.get"]


class UserNotFound(NotFound):
    domain = "helpdesk.auth"
    reason = "USER_NOT_FOUND"


def tokens(server: RunningServer, service: str = "gateway") -> Any:  # noqa: ANN401
    return token_service_pb2_grpc.TokenServiceStub(server.channel(service))


def users(server: RunningServer) -> Any:  # noqa: ANN401
    return user_service_pb2_grpc.UserServiceStub(server.channel())


async def test_a_handler_knows_who_calls(server: RunningServer, scripted: Scripted) -> None:
    seen: list[Caller] = []

    async def look(_: object, __: object) -> token_service_pb2.Identity:
        seen.append(current_caller())
        return token_service_pb2.Identity()

    scripted.answers["GetIdentity"] = look
    ann = server.user(tenant_id="acme", permissions=MAY)
    await tokens(server).GetIdentity(IDENTITY, metadata=ann.metadata)
    assert seen == [ann.caller("gateway")]


async def test_headers_that_claim_an_identity_are_ignored(
    server: RunningServer, scripted: Scripted
) -> None:
    seen: list[Caller] = []

    async def look(_: object, __: object) -> token_service_pb2.Identity:
        seen.append(current_caller())
        return token_service_pb2.Identity()

    scripted.answers["GetIdentity"] = look
    ann = server.user(tenant_id="acme", permissions=MAY)
    claims = [
        (name, "globex")
        for name in ("x-tenant", "x-tenant-id", "x_tenant", "x-user", "x-forwarded-client-cert")
    ]
    await tokens(server).GetIdentity(IDENTITY, metadata=(*ann.metadata, *claims))
    assert seen == [ann.caller("gateway")]


async def test_roles_are_those_of_the_policy_whatever_the_token_remembers(
    server: RunningServer, scripted: Scripted
) -> None:
    seen: list[Caller] = []

    async def look(_: object, __: object) -> token_service_pb2.Identity:
        seen.append(current_caller())
        return token_service_pb2.Identity()

    scripted.answers["GetIdentity"] = look
    ann = server.user(user_id="ann", permissions=MAY, roles=["agent"])
    server.authority.users["a newer token"] = replace(ann, roles=frozenset({"agent", "lead"}))
    await tokens(server).GetIdentity(IDENTITY, metadata=ann.metadata)
    assert seen[0].roles == {"agent", "lead"}


async def test_without_a_token_nothing_happens(server: RunningServer, scripted: Scripted) -> None:
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_MISSING"):
        await tokens(server).GetIdentity(IDENTITY)
    assert scripted.calls["GetIdentity"] == 0


@pytest.mark.parametrize("text", ["Bearer", "Bearer ", "Basic YTpi", "Bearer made-up", ""])
async def test_a_strange_token_is_refused(server: RunningServer, text: str) -> None:
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await tokens(server).GetIdentity(IDENTITY, metadata=(("authorization", text),))


async def test_two_tokens_are_refused(server: RunningServer) -> None:
    ann = server.user(permissions=MAY)
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await tokens(server).GetIdentity(IDENTITY, metadata=ann.metadata * 2)


async def test_a_token_carries_no_more_than_its_scope(
    server: RunningServer, scripted: Scripted
) -> None:
    seen: list[Caller] = []

    async def look(_: object, __: object) -> token_service_pb2.Identity:
        seen.append(current_caller())
        return token_service_pb2.Identity()

    scripted.answers["GetIdentity"] = look
    ann = server.user(permissions=MAY, scope=["openid", "auth.identity.get", "auth.tenants.create"])
    await tokens(server).GetIdentity(IDENTITY, metadata=ann.metadata)
    assert seen[0].permissions == {"auth.identity.get"}
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await users(server).CreateUser(create_user(), metadata=ann.metadata)


async def test_a_user_without_the_permission_is_refused(server: RunningServer) -> None:
    ann = server.user(permissions=["auth.users.get"])
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING") as found:
        await tokens(server).GetIdentity(IDENTITY, metadata=ann.metadata)
    assert found[0].metadata == {"permission": "auth.identity.get"}


@pytest.mark.parametrize("service", ["ticket", "search", "chat", "bridge", "supervisor", "auth"])
async def test_a_service_that_the_contract_does_not_name_is_refused(
    server: RunningServer, service: str
) -> None:
    ann = server.user(permissions=MAY)
    with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED") as found:
        await tokens(server, service).GetIdentity(IDENTITY, metadata=ann.metadata)
    assert found[0].metadata == {"caller": service}


async def test_a_broken_rule_names_its_field(server: RunningServer) -> None:
    ann = server.user(permissions=MAY)
    request = create_user(password="short")
    request.request_id = "not a uuid"
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as found:
        await users(server).CreateUser(request, metadata=ann.metadata)
    assert set(found[0].violations) == {"password", "request_id"}
    assert "short" not in str(found[0].violations)


async def test_a_nested_field_is_named_with_dots(server: RunningServer) -> None:
    grant = token_service_pb2.PasswordGrant(tenant_slug="acme", email="ann@acme.example")
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as found:
        await tokens(server).IssueToken(token_service_pb2.IssueTokenRequest(password=grant))
    assert set(found[0].violations) == {"password.password"}


async def test_bytes_that_are_no_message_are_the_callers_mistake(server: RunningServer) -> None:
    ann = server.user(permissions=MAY)
    call: Any = server.channel().unary_unary("/helpdesk.auth.v1.UserService/CreateUser")
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await call(b"\xff\xff\xff", metadata=ann.metadata)


async def test_an_own_error_keeps_its_reason(server: RunningServer, scripted: Scripted) -> None:
    async def fail(_: object, __: object) -> None:
        raise UserNotFound("There is no such user.", metadata={"user_id": "7"})

    scripted.answers["GetUser"] = fail
    ann = server.user(permissions=MAY)
    with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND") as found:
        await users(server).GetUser(
            user_service_pb2.GetUserRequest(user_id="7"), metadata=ann.metadata
        )
    assert (found[0].domain, found[0].metadata) == ("helpdesk.auth", {"user_id": "7"})


async def test_the_text_of_an_unknown_error_stays_inside(
    server: RunningServer, scripted: Scripted
) -> None:
    async def fail(_: object, __: object) -> None:
        raise RuntimeError(SECRET)

    scripted.answers["GetIdentity"] = fail
    ann = server.user(permissions=MAY)
    metadata = (*ann.metadata, ("x-request-id", "req-7"))
    with refused(StatusCode.INTERNAL, "INTERNAL") as found:
        await tokens(server).GetIdentity(IDENTITY, metadata=metadata)
    assert found[0].metadata == {"request_id": "req-7"}
    assert SECRET not in str(found[0])


async def test_the_text_of_an_unknown_error_in_a_stream_stays_inside(
    server: RunningServer, scripted: Scripted
) -> None:
    async def fail(_: object, __: object) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        yield policy_service_pb2.PolicyEvent(seq=1)
        raise RuntimeError(SECRET)

    scripted.stream = fail
    stub: Any = policy_service_pb2_grpc.PolicyServiceStub(server.channel("chat"))
    call = stub.WatchPolicy(WATCH)
    assert (await call.read()).seq == 1
    with refused(StatusCode.INTERNAL, "INTERNAL") as found:
        await call.read()
    assert SECRET not in str(found[0])


async def test_control_without_the_sanitiser_the_text_leaks(
    scripted: Scripted, mesh_settings: MeshSettings
) -> None:
    async def fail(_: object, __: object) -> None:
        raise RuntimeError(SECRET)

    scripted.answers["GetSigningKeys"] = fail
    bare = MeshServer(
        name="auth",
        settings=mesh_settings,
        register=scripted.register,
        services=SERVICES,
        authority=FakeAuthority(),
        port=0,
    )
    bare.interceptors.remove(errors)
    port = await bare.start()
    running = RunningServer("auth", port, mesh_settings, FakeAuthority(), bare)
    with pytest.raises(grpc.aio.AioRpcError, match=SECRET):
        await tokens(running).GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
    await running.close_channels()
    await bare.stop(None)


async def test_an_unknown_method_says_so(server: RunningServer) -> None:
    name = "/helpdesk.auth.v1.TokenService/Steal"
    call: Any = server.channel().unary_unary(name)
    with refused(StatusCode.UNIMPLEMENTED, "METHOD_UNKNOWN") as found:
        await call(b"")
    assert found[0].metadata == {"method": name}


async def test_the_request_id_comes_back(server: RunningServer) -> None:
    ann = server.user(permissions=MAY)
    for given in (("x-request-id", "req-7"),), (("x-request-id", "a b\n"[:3]),), ():
        call = tokens(server).GetIdentity(IDENTITY, metadata=(*ann.metadata, *given))
        await call
        back = dict(await call.trailing_metadata())["x-request-id"]
        assert back == "req-7" if given == (("x-request-id", "req-7"),) else len(back) == 36


async def test_reflection_lists_the_services_on_loopback(server: RunningServer) -> None:
    reflection: Any = reflection_pb2_grpc.ServerReflectionStub
    stub = reflection(server.channel("supervisor"))
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    call = stub.ServerReflectionInfo(iter([request]))
    answer = await call.read()
    names = {service.name for service in answer.list_services_response.service}
    assert set(SERVICES) <= names


async def test_a_server_with_a_method_that_has_no_policy_does_not_start(
    mesh_settings: MeshSettings,
) -> None:
    def register(server: grpc.aio.Server) -> None:
        server.add_registered_method_handlers(
            "helpdesk.auth.v1.TokenService",
            {"Forgotten": grpc.unary_unary_rpc_method_handler(lambda *_: None)},
        )

    with pytest.raises(ContractError, match="Forgotten has no policy"):
        async with running_server(
            "auth", register, ["helpdesk.auth.v1.TokenService"], mesh_settings
        ):
            pass


async def test_a_server_that_lacks_an_announced_service_does_not_start(
    mesh_settings: MeshSettings,
) -> None:
    with pytest.raises(ContractError, match="announced"):
        async with running_server("auth", lambda _: None, SERVICES, mesh_settings):
            pass
