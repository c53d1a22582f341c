"""A real gRPC server in the place of a service: it serves every method and notes each call."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import grpc
import grpc.aio
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.gateway.certificate_authority import CertificateAuthority

# A method is served when its contract is loaded, and all are, whichever test runs.
GENERATED = Path(__file__).parents[2] / "gen" / "python"
for _file in GENERATED.glob("helpdesk/**/*_pb2.py"):
    importlib.import_module(".".join(_file.relative_to(GENERATED).with_suffix("").parts))

Context: TypeAlias = "grpc.aio.ServicerContext[Message, Message]"
Answer: TypeAlias = Callable[[Message, Context], Awaitable[Message]]
Take: TypeAlias = Callable[[AsyncIterator[Message], Context], Awaitable[Message]]
Stream: TypeAlias = Callable[[Message, Context], AsyncIterator[Message]]


@dataclass(frozen=True)
class Call:
    """What arrived."""

    path: str
    request: Message
    metadata: dict[str, str]
    seconds_left: float | None


class Upstream:
    """Answers with empty messages, or as `answers`, `streams`, `takes` say by the method's path."""

    def __init__(self, name: str, authority: CertificateAuthority) -> None:
        self.name = name
        self.port = 0
        self.calls: list[Call] = []
        self.answers: dict[str, Answer] = {}
        self.streams: dict[str, Stream] = {}
        self.takes: dict[str, Take] = {}
        self.authority = authority
        self._server: grpc.aio.Server | None = None

    async def start(self, *, identity: str | None = None) -> None:
        """Listens under the service's own identity, or under another one."""
        certificate, key = self.authority.issue(identity or self.name)
        credentials = grpc.ssl_server_credentials(
            [(key, certificate)], self.authority.certificate, require_client_auth=True
        )
        self._server = grpc.aio.server(
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 16 * 1024**2)]
        )
        servicer = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(servicer, self._server)
        await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
        self._server.add_generic_rpc_handlers((_EveryMethod(self),))
        self.port = self._server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        await self._server.start()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    @property
    def last(self) -> Call:
        return self.calls[-1]

    def note(self, path: str, request: Message, context: Context) -> None:
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self.calls.append(Call(path, request, metadata, context.time_remaining()))


class _EveryMethod(grpc.GenericRpcHandler):
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Message, Message] | None":
        path = str(handler_call_details.method)
        method = _method(path)
        if method is None:
            return None
        request = message_factory.GetMessageClass(method.input_type)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(path), request.FromString, _serialize
            )
        reply = message_factory.GetMessageClass(method.output_type)
        if method.client_streaming:
            return grpc.stream_unary_rpc_method_handler(
                self._take(path, request, reply), request.FromString, _serialize
            )
        return grpc.unary_unary_rpc_method_handler(
            self._answer(path, reply), request.FromString, _serialize
        )

    def _answer(self, path: str, reply: type[Message]) -> Answer:
        async def answer(request: Message, context: Context) -> Message:
            self._upstream.note(path, request, context)
            behaviour = self._upstream.answers.get(path)
            return await behaviour(request, context) if behaviour else reply()

        return answer

    def _take(self, path: str, request: type[Message], reply: type[Message]) -> Take:
        async def take(requests: AsyncIterator[Message], context: Context) -> Message:
            # Whoever takes the messages notes them.
            self._upstream.note(path, request(), context)
            behaviour = self._upstream.takes.get(path)
            return await behaviour(requests, context) if behaviour else reply()

        return take

    def _stream(self, path: str) -> Stream:
        async def stream(request: Message, context: Context) -> AsyncIterator[Message]:
            self._upstream.note(path, request, context)
            behaviour = self._upstream.streams.get(path)
            if behaviour:
                async for message in behaviour(request, context):
                    yield message

        return stream


def _method(path: str) -> MethodDescriptor | None:
    service, _, name = path.removeprefix("/").rpartition("/")
    try:
        return descriptor_pool.Default().FindServiceByName(service).methods_by_name.get(name)
    except KeyError:
        return None


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
