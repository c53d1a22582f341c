"""Drives one endpoint with a fixed number of connections and reports rate and latencies."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc.aio

Call = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Measured:
    """What a run showed; latencies in milliseconds."""

    name: str
    calls_per_second: float
    p50: float
    p95: float
    p99: float

    def __str__(self) -> str:
        return (
            f"{self.name:<46} {self.calls_per_second:>8.0f}/s   "
            f"p50 {self.p50:6.2f}  p95 {self.p95:6.2f}  p99 {self.p99:6.2f} ms"
        )


def summary(name: str, seconds: float, latencies: list[float]) -> Measured:
    ordered = sorted(latencies)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

    return Measured(name, len(ordered) / seconds, at(0.5), at(0.95), at(0.99))


async def drive(name: str, calls: list[Call], seconds: float) -> Measured:
    """Repeats each call in its own task until the time is over; each stands for one connection."""
    await asyncio.gather(*(call() for call in calls))  # warm
    latencies: list[float] = []
    start = time.perf_counter()

    async def repeat(call: Call) -> None:
        while (begun := time.perf_counter()) - start < seconds:
            await call()
            latencies.append(time.perf_counter() - begun)

    await asyncio.gather(*(repeat(call) for call in calls))
    return summary(name, time.perf_counter() - start, latencies)


class HttpConnection:
    """A kept-alive HTTP/1.1 connection that sends one GET again and again, or one POST of a body.

    A general client would cost more than what it measures.
    """

    def __init__(self, port: int, path: str, token: str, body: bytes = b"") -> None:
        self._port = port
        self._request = (
            f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
            f"authorization: Bearer {token}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode() + body
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __call__(self) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)


class GrpcCall:
    """One unary call, repeated on a shared channel."""

    def __init__(
        self, method: grpc.aio.UnaryUnaryMultiCallable[Any, Any], request: object, token: str
    ) -> None:
        self._method = method
        self._request = request
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def __call__(self) -> None:
        await self._method(self._request, metadata=self._metadata, timeout=10)
