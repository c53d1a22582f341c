"""Answers `GET /metrics` on a port of the loopback, which a scraper on this machine reads."""

import asyncio
import contextlib
from collections.abc import Sequence
from http import HTTPStatus

import structlog

from services.mesh.metrics.families import CONTENT_TYPE, Collector, Family, text_of

HOST = "127.0.0.1"
PATH = "/metrics"

_LONGEST_HEAD = 16 * 1024
_SECONDS_TO_ASK = 5.0
_SECONDS_TO_COLLECT = 5.0

log = structlog.get_logger()


class MetricsExit:
    def __init__(self, collectors: Sequence[Collector], port: int) -> None:
        self._collectors = collectors
        self._port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> int:
        """Returns the port. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(
            self._answer, HOST, self._port, limit=_LONGEST_HEAD
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await self._server.wait_closed()

    async def families(self) -> list[Family]:
        """What cannot be told now is left out, and the rest is told."""
        found: list[Family] = []
        for collect in self._collectors:
            try:
                async with asyncio.timeout(_SECONDS_TO_COLLECT):
                    found += await collect()
            except Exception:
                log.exception("a metric cannot be told")
        return found

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        # A scraper that hangs up or dawdles is no concern of ours.
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            try:
                async with asyncio.timeout(_SECONDS_TO_ASK):
                    head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._reply(head))
                async with asyncio.timeout(_SECONDS_TO_ASK):
                    await writer.drain()
            except asyncio.LimitOverrunError:
                writer.write(_page(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
            finally:
                self._open.discard(writer)
                writer.close()
                await writer.wait_closed()

    async def _reply(self, head: bytes) -> bytes:
        verb, _, rest = head.partition(b" ")
        target = rest.partition(b" ")[0].partition(b"?")[0]
        if target != PATH.encode():
            return _page(HTTPStatus.NOT_FOUND)
        if verb != b"GET":
            return _page(HTTPStatus.METHOD_NOT_ALLOWED, "Allow: GET\r\n")
        return _page(
            HTTPStatus.OK,
            f"Content-Type: {CONTENT_TYPE}\r\n",
            text_of(await self.families()).encode(),
        )


def _page(status: HTTPStatus, headers: str = "", body: bytes = b"") -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n{headers}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
