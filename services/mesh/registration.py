"""Collects the methods that servicers register and puts the chain of interceptors around each."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.mesh.call import call_or_none
from services.mesh.contract import Contract, ContractError, MethodPolicy, find_method
from services.mesh.errors import MethodUnknown
from services.mesh.infrastructure import HEALTH, POLICIES, REFLECTION
from services.mesh.interceptors.chain import (
    Context,
    Interceptor,
    Method,
    intercepted,
    parse_in_chain,
)
from services.mesh.interceptors.errors import errors
from services.mesh.interceptors.request_log import request_log
from services.mesh.interceptors.telemetry import telemetry

Handlers = Mapping[str, "grpc.RpcMethodHandler[Any, Any]"]

_INFRASTRUCTURE = {HEALTH, REFLECTION}
_NO_POLICY = MethodPolicy(
    permission="",
    public=True,
    callers=frozenset(),
    audited=False,
    default_timeout_seconds=1.0,
    max_timeout_seconds=1.0,
    idempotent=True,
)


class Registration:
    """Stands in for the server while servicers register, so that no method escapes the chain."""

    def __init__(self, contract: Contract, interceptors: Sequence[Interceptor]) -> None:
        self._contract = contract
        self._interceptors = interceptors
        self._services: dict[str, Handlers] = {}

    def add_generic_rpc_handlers(self, _: object) -> None:
        """Generated code registers everything twice; this half does not say the methods' names."""

    def add_registered_method_handlers(self, service: str, handlers: Handlers) -> None:
        self._services[service] = {
            name: intercepted(
                self._interceptors, self._method(f"/{service}/{name}", service, handler), handler
            )
            for name, handler in handlers.items()
        }

    def check_complete(self, services: Sequence[str]) -> None:
        """Raises ContractError unless exactly the announced services are there."""
        if set(self._services) != set(services):
            raise ContractError(
                f"announced {sorted(services)}, registered {sorted(self._services)}"
            )

    def add_to(self, server: grpc.aio.Server) -> None:
        server.add_generic_rpc_handlers(
            [
                *(
                    grpc.method_handlers_generic_handler(service, dict(handlers))
                    for service, handlers in self._services.items()
                ),
                _UnknownMethods(),
            ]
        )

    def _method(
        self, name: str, service: str, handler: "grpc.RpcMethodHandler[Any, Any]"
    ) -> Method:
        streams = bool(handler.response_streaming)
        if service in _INFRASTRUCTURE:
            if name not in POLICIES:
                raise ContractError(f"{name} has no policy")
            return Method(
                name,
                POLICIES[name],
                streams,
                parse=parse_in_chain(handler),
                is_infrastructure=True,
            )
        policy = self._contract.policy(name)
        descriptor = find_method(name)
        return Method(
            name,
            policy,
            streams,
            GetMessageClass(descriptor.input_type),
            GetMessageClass(descriptor.output_type),
            parse_in_chain(handler),
            takes_stream=bool(handler.request_streaming and not handler.response_streaming),
        )


class _UnknownMethods(grpc.GenericRpcHandler):
    """Answers for everything that nobody registered."""

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Any, Any]":
        name = handler_call_details.method
        method = Method(name[:200], _NO_POLICY, streams=False, is_infrastructure=True)
        return intercepted(
            (telemetry, request_log, errors), method, grpc.unary_unary_rpc_method_handler(_refuse)
        )


async def _refuse(_: object, context: Context) -> Message:
    del context
    call = call_or_none()
    raise MethodUnknown(
        "There is no such method.", metadata={"method": call.method if call else ""}
    )
