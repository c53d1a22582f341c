"""gRPC calls of any RPC, in bytes. An empty request is no bytes, whatever its type."""

from collections.abc import AsyncIterator, Mapping

import grpc.aio

from services.gateway.contract import Method


async def send(
    channel: grpc.aio.Channel, path: str, metadata: Mapping[str, str], request: bytes = b""
) -> bytes:
    rpc: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
    return await rpc(request, metadata=tuple(metadata.items()))


async def receive(
    channel: grpc.aio.Channel, path: str, metadata: Mapping[str, str]
) -> AsyncIterator[bytes]:
    rpc: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(path)
    async for message in rpc(b"", metadata=tuple(metadata.items())):
        yield message


async def call(channel: grpc.aio.Channel, method: Method, metadata: Mapping[str, str]) -> None:
    if method.streams:
        async for _ in receive(channel, method.path, metadata):
            pass
    else:
        await send(channel, method.path, metadata)
