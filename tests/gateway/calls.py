"""Calls any RPC."""

import grpc.aio

from services.gateway.contract import Method


async def call(channel: grpc.aio.Channel, method: Method, **metadata: str) -> None:
    """Calls with an empty request, whose bytes are the same for every type."""
    pairs = tuple(metadata.items())
    if method.streams:
        async for _ in channel.unary_stream(method.path)(b"", metadata=pairs):
            pass
    else:
        await channel.unary_unary(method.path)(b"", metadata=pairs)
