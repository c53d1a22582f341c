"""The ways in: gRPC and REST through the gateway, or a service's own port. One answer from each."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
import grpc.aio
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from tests.security.http import HttpAnswer, HttpClient, http_request
from tests.security.rpcs import Rpc

# A watch ends by itself a while before its time is up; nobody here wants to hear it for longer.
_WATCH_SECONDS = 4
_CALL_SECONDS = 30
CUT_OFF = "CUT_OFF"
OVERLOADED = ("UNAVAILABLE", "DEADLINE_EXCEEDED", CUT_OFF)
"""Says something of the machine and nothing of who may do what."""

_HTTP_STATUS_OF = {
    "OK": 200,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


@dataclass(frozen=True)
class Answer:
    code: str
    """The canonical name, also over REST."""
    reason: str
    body: str
    """All that the caller gets to see, as text."""
    seconds: float
    reply: Message | None = None

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".strip()


class Door(Protocol):
    name: str

    async def call(self, token: str, rpc: Rpc, request: Message) -> Answer:
        """An empty token sends none."""

    def opens(self, rpc: Rpc) -> bool:
        """Whether the RPC can be called through this door at all."""


class GrpcDoor:
    def __init__(self, channel: grpc.aio.Channel, name: str = "gRPC") -> None:
        self.name = name
        self._channel = channel
        self._methods: dict[str, Any] = {}

    def opens(self, rpc: Rpc) -> bool:
        return True

    async def call(self, token: str, rpc: Rpc, request: Message) -> Answer:
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        return await self.call_with(metadata, rpc, request)

    async def call_with(
        self, metadata: tuple[tuple[str, str | bytes], ...], rpc: Rpc, request: Message
    ) -> Answer:
        begun = time.perf_counter()
        try:
            sent = iter([request]) if rpc.takes_stream else request
            call = self._method(rpc)(sent, metadata=metadata, timeout=_seconds_for(rpc))
            replies = [reply async for reply in call] if rpc.streams else [await call]
        except grpc.aio.AioRpcError as error:
            return _refusal(error, time.perf_counter() - begun)
        seconds = time.perf_counter() - begun
        body = "\n".join(MessageToJson(reply) for reply in replies)
        return Answer("OK", "", body, seconds, replies[-1] if replies else None)

    def _method(self, rpc: Rpc) -> Any:  # noqa: ANN401  a stub of any RPC
        if rpc.path not in self._methods:
            make: Any = self._channel.unary_stream if rpc.streams else self._channel.unary_unary
            if rpc.takes_stream:
                make = self._channel.stream_unary
            self._methods[rpc.path] = make(
                rpc.path,
                request_serializer=rpc.request_type.SerializeToString,
                response_deserializer=rpc.reply_type.FromString,
            )
        return self._methods[rpc.path]


class RestDoor:
    name = "REST"

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def opens(self, rpc: Rpc) -> bool:
        return bool(rpc.bindings)

    async def call(self, token: str, rpc: Rpc, request: Message) -> Answer:
        headers = [("authorization", f"Bearer {token}")] if token else []
        headers.append(("grpc-timeout", f"{_seconds_for(rpc)}S"))
        # With an empty path variable the route does not match; the next one asks for none.
        binding = rpc.bindings[0]
        if len(rpc.bindings) > 1 and "//" in http_request(binding, request).target:
            binding = rpc.bindings[1]
        begun = time.perf_counter()
        try:
            answer = await self._client.send(http_request(binding, request), headers)
        except (ConnectionError, asyncio.IncompleteReadError):
            return Answer(CUT_OFF, "", "", time.perf_counter() - begun)
        seconds = time.perf_counter() - begun
        if answer.status == _HTTP_STATUS_OF["OK"]:
            return Answer("OK", "", answer.body.decode(), seconds)
        return refusal_of(answer, seconds)


def refusal_of(answer: HttpAnswer, seconds: float = 0.0) -> Answer:
    """What a REST client reads out of an error; a code that its status belies is told as such."""
    try:
        status = answer.json()
        code = code_pb2.Code.Name(status["code"])
    except (ValueError, KeyError):
        return Answer(f"HTTP {answer.status}", "", answer.body.decode(), seconds)
    reasons = [one["reason"] for one in status.get("details", []) if "reason" in one]
    if _HTTP_STATUS_OF.get(code, 500) != answer.status:
        code = f"{code} as HTTP {answer.status}"
    return Answer(code, reasons[0] if reasons else "", answer.body.decode(), seconds)


def _seconds_for(rpc: Rpc) -> int:
    return _WATCH_SECONDS if rpc.name.startswith("Watch") else _CALL_SECONDS


def _refusal(error: grpc.aio.AioRpcError, seconds: float) -> Answer:
    status, info = status_pb2.Status(), error_details_pb2.ErrorInfo()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            status.ParseFromString(value)
    reason = info.reason if any(one.Unpack(info) for one in status.details) else ""
    body = f"{error.details()}\n{MessageToJson(status) if status.details else ''}"
    return Answer(error.code().name, reason, body, seconds)
