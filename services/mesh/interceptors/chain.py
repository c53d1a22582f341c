"""The shape that all interceptors share, and how a chain of them is put around a method."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.protobuf.message import Message

from services.mesh.call import call_or_none
from services.mesh.contract import MethodPolicy

Context = grpc.aio.ServicerContext[Any, Any]
# A streaming method sends its messages through the context and returns None; one that takes a
# stream has, in place of the request, an iterator of its messages.
Handler = Callable[[Any, Context], Awaitable[Message | None]]


@dataclass(frozen=True)
class Method:
    full_name: str
    policy: MethodPolicy
    streams: bool
    request_type: type[Message] | None = None
    reply_type: type[Message] | None = None
    # How bytes become the request; None where gRPC does it, message by message.
    parse: Callable[[bytes], Message] | None = None
    # Health and reflection: part of every server and not of the contract.
    is_infrastructure: bool = False
    takes_stream: bool = False


Interceptor = Callable[[Method, Handler], Handler]


def compose(interceptors: Sequence[Interceptor], method: Method, innermost: Handler) -> Handler:
    handler = innermost
    for interceptor in reversed(interceptors):
        handler = interceptor(method, handler)
    return handler


def parse_in_chain(
    handler: "grpc.RpcMethodHandler[Any, Any]",
) -> Callable[[bytes], Message] | None:
    """gRPC would parse before anybody asked for a token, and call broken bytes INTERNAL."""
    if handler.request_streaming and handler.response_streaming:
        return None
    return cast("Callable[[bytes], Message] | None", handler.request_deserializer)


def intercepted(
    interceptors: Sequence[Interceptor], method: Method, original: "grpc.RpcMethodHandler[Any, Any]"
) -> "grpc.RpcMethodHandler[Any, Any]":
    """The same method with the chain around it."""
    deserializer = None if method.parse else original.request_deserializer
    if original.response_streaming:
        behaviour = original.stream_stream or original.unary_stream
        streaming = compose(interceptors, method, _sending(behaviour))
        make = (
            grpc.stream_stream_rpc_method_handler
            if original.request_streaming
            else grpc.unary_stream_rpc_method_handler
        )
        return make(cast("Any", streaming), deserializer, original.response_serializer)
    if original.request_streaming:
        return grpc.stream_unary_rpc_method_handler(
            cast("Any", compose(interceptors, method, cast("Handler", original.stream_unary))),
            deserializer,
            original.response_serializer,
        )
    return grpc.unary_unary_rpc_method_handler(
        cast("Any", compose(interceptors, method, cast("Handler", original.unary_unary))),
        deserializer,
        original.response_serializer,
    )


def _sending(behaviour: object) -> Handler:
    if inspect.iscoroutinefunction(behaviour):
        return cast("Handler", behaviour)
    replies_of = cast("Callable[[Any, Context], AsyncIterator[Message]]", behaviour)

    # Iterating here, inside the chain, is what lets the chain see a stream's errors; closing here
    # runs the method's own `finally` in the task of the call.
    async def send(request: Any, context: Context) -> None:
        async with aclosing(cast("Any", replies_of(request, context))) as replies:
            call = call_or_none()
            async for reply in replies:
                if call is not None and call.before_each_message is not None:
                    call.before_each_message()
                await context.write(reply)

    return send


async def each(requests: AsyncIterator[Any], act: Callable[[Any], Any]) -> AsyncIterator[Any]:
    """What `act` makes of every message, as they come."""
    async for request in requests:
        yield act(request)
