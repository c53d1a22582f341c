from typing import Any

import grpc
import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import token_service_pb2, token_service_pb2_grpc, user_service_pb2_grpc
from tests.mesh.scripted import Scripted, create_user
from tests.support.mesh_server import RunningServer

IDENTITY = token_service_pb2.GetIdentityRequest()
MAY = ["auth.identity.get", "auth.users.create"]


async def test_a_request_above_the_limit_is_refused(server: RunningServer) -> None:
    ann = server.user(permissions=MAY)
    request = create_user(name="x" * 5 * 1024 * 1024)
    stub: Any = user_service_pb2_grpc.UserServiceStub(server.channel())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.CreateUser(request, metadata=ann.metadata)
    assert caught.value.code() is StatusCode.RESOURCE_EXHAUSTED


async def test_metadata_above_the_limit_is_refused(
    server: RunningServer, scripted: Scripted
) -> None:
    ann = server.user(permissions=MAY)
    stub: Any = token_service_pb2_grpc.TokenServiceStub(server.channel())
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.GetIdentity(IDENTITY, metadata=(*ann.metadata, ("x-much", "x" * 40_000)))
    assert scripted.calls["GetIdentity"] == 0


async def test_a_small_message_that_unpacks_to_a_huge_one_is_refused(
    server: RunningServer, scripted: Scripted
) -> None:
    ann = server.user(permissions=MAY)
    call: Any = server.channel().unary_unary("/helpdesk.auth.v1.UserService/CreateUser")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(
            bytes(16 * 1024 * 1024), metadata=ann.metadata, compression=grpc.Compression.Gzip
        )
    assert caught.value.code() is StatusCode.RESOURCE_EXHAUSTED
    assert scripted.calls["CreateUser"] == 0
