"""REST as the contract binds it, over bare connections: a general client costs too much time."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from services.gateway.contract import Binding

Headers = Sequence[tuple[str, str]]

_VARIABLE = re.compile(r"\{([^}=]+)[^}]*\}")


@dataclass(frozen=True)
class HttpRequest:
    verb: str
    target: str
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401  JSON of any shape
        return json.loads(self.body) if self.body else {}


def http_request(binding: Binding, message: Message) -> HttpRequest:
    """The same request, spelled as this route wants it."""
    said: dict[str, Any] = MessageToDict(message)

    def fill(match: re.Match[str]) -> str:
        return quote(str(_taken(said, match[1].split("."))), safe="")

    path = _VARIABLE.sub(fill, binding.path)
    body, content_type = b"", "application/json"
    if binding.body == "*":
        body, said = json.dumps(said).encode(), {}
    elif binding.body and binding.body_message is None:
        raw = getattr(message, binding.body)
        body, content_type = raw.data, raw.content_type
        said.pop(_camel(binding.body), None)
    elif binding.body:
        body = json.dumps(said.pop(_camel(binding.body), {})).encode()
    query = urlencode(list(_flat(said)), quote_via=quote)
    return HttpRequest(binding.verb, f"{path}?{query}" if query else path, body, content_type)


def _taken(said: dict[str, Any], path: list[str]) -> object:
    first, *rest = map(_camel, path)
    if not rest:
        return said.pop(first, "")
    return _taken(said.setdefault(first, {}), rest)


def _flat(said: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            for one in value if isinstance(value, list) else [value]:
                yield above + name, str(one).lower() if isinstance(one, bool) else str(one)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


class HttpClient:
    """Kept-alive connections to one port; as many calls at once as there are connections."""

    def __init__(self, port: int, connections: int = 16) -> None:
        self._port = port
        self._free: asyncio.Queue[_Connection] = asyncio.Queue()
        for _ in range(connections):
            self._free.put_nowait(_Connection(port))

    async def send(self, request: HttpRequest, headers: Headers = ()) -> HttpAnswer:
        connection = await self._free.get()
        try:
            return await connection.send(request, headers)
        finally:
            self._free.put_nowait(connection)

    async def __aenter__(self) -> "HttpClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while not self._free.empty():
            await self._free.get_nowait().close()


class _Connection:
    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: HttpRequest, headers: Headers) -> HttpAnswer:
        content = _spelled(request, self._port, headers)
        was_open = self._streams is not None
        try:
            return await self._exchange(content)
        except (ConnectionError, asyncio.IncompleteReadError):
            await self.close()
            if not was_open:
                raise
        # The gateway had closed it between two calls.
        return await self._exchange(content)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, content: bytes) -> HttpAnswer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(content)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            names = (line.partition(":") for line in head[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in names}
            answer = HttpAnswer(int(head[0].split()[1]), headers, await _body(reader, headers))
        except BaseException:
            await self.close()
            raise
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return answer


def _spelled(request: HttpRequest, port: int, headers: Headers) -> bytes:
    lines = [
        f"{request.verb} {request.target} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    if request.body or request.verb in ("POST", "PUT", "PATCH"):
        lines += [f"content-type: {request.content_type}", f"content-length: {len(request.body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    parts = []
    while size := int((await reader.readuntil(b"\n")).strip(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)
