"""Every identity of the mesh against every method of the contract, over real connections."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from services.mesh.certificates import SERVICES
from services.mesh.contract import Contract, find_method, find_service, services_of
from services.mesh.settings import MeshSettings
from tests.support.mesh_server import refusal_of, running_server


async def answer(_: object, __: object) -> None:
    raise AssertionError("nobody gets this far without a token or a valid request")


def register_everything(area: str, server: Any) -> None:  # noqa: ANN401
    for service in services_of(area):
        handlers: dict[str, Any] = {}
        for method in find_service(service).methods:
            request: Any = GetMessageClass(method.input_type)
            make = (
                grpc.unary_stream_rpc_method_handler
                if method.server_streaming
                else grpc.unary_unary_rpc_method_handler
            )
            handlers[method.name] = make(answer, request_deserializer=request.FromString)
        server.add_registered_method_handlers(service, handlers)


async def reason_for(channel: grpc.aio.Channel, method: str) -> str:
    make: Any = (
        channel.unary_stream if find_method(method).server_streaming else channel.unary_unary
    )
    call = make(method)(b"", timeout=10)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (call.read() if find_method(method).server_streaming else call)
    return refusal_of(caught.value).reason


@pytest.mark.parametrize("area", ["auth", "ticket", "search", "chat"])
async def test_only_the_callers_of_the_contract_get_past_their_certificate(
    area: str, mesh_settings: MeshSettings
) -> None:
    services = services_of(area)
    policies = dict(Contract(services).methods())
    pairs = [(caller, method) for caller in SERVICES for method in policies]
    async with running_server(
        area, lambda server: register_everything(area, server), services, mesh_settings
    ) as server:
        reasons = await asyncio.gather(
            *(reason_for(server.channel(caller), method) for caller, method in pairs)
        )
    let_in = {
        pair for pair, reason in zip(pairs, reasons, strict=True) if reason != "CALLER_NOT_ALLOWED"
    }
    assert let_in == {
        (caller, method) for method, policy in policies.items() for caller in policy.callers
    }
    for (caller, method), reason in zip(pairs, reasons, strict=True):
        if (caller, method) in let_in and not policies[method].public:
            assert reason == "TOKEN_MISSING"
