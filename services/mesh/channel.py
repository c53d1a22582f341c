"""Channels to peers: mutual TLS, deadline, token, request id and trace handed on, errors mapped."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

import grpc
from google.protobuf.message import Message

from services.mesh.call import call_or_none
from services.mesh.contract import (
    MethodPolicy,
    find_method,
    find_service,
    full_name,
    read_policy,
    services_of,
)
from services.mesh.deadline import seconds_for_peer
from services.mesh.ids import new_id
from services.mesh.peer_errors import from_peer
from services.mesh.settings import MeshSettings
from services.mesh.telemetry import client_span, finish_client_span, outgoing_metadata
from services.mesh.tls import channel_credentials, channel_target_options, identity_version

_SECONDS_BETWEEN_LOOKS = 5.0
_DRAIN_SECONDS = 30.0
_REQUEST_ID = "request_id"

Metadata = Sequence[tuple[str, str]]


def connect(settings: MeshSettings, *, caller_service: str, peer: str) -> "MeshChannel":
    """A channel to a peer. Calls on it raise MeshErrors and no gRPC errors.

    A unary call is awaited, a streaming one iterated; without a timeout each gets the contract's.
    """
    return MeshChannel(settings, caller_service, peer)


class MeshChannel(grpc.aio.Channel):
    def __init__(self, settings: MeshSettings, caller_service: str, peer: str) -> None:
        self.peer = peer
        self._target = settings.address(peer)
        self._folder = settings.certificate_folder(caller_service)
        self._options = [
            *channel_target_options(peer),
            ("grpc.service_config", service_config(services_of(peer))),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ]
        self._draining: set[asyncio.Task[None]] = set()
        self._version = identity_version(self._folder)
        self._looked_at = time.monotonic()
        self._current = self._open()

    def current(self) -> grpc.aio.Channel:
        """The channel with the newest certificate; gRPC has no way to change it on an open one."""
        now = time.monotonic()
        if now - self._looked_at >= _SECONDS_BETWEEN_LOOKS:
            self._looked_at = now
            self.refresh()
        return self._current

    def refresh(self) -> bool:
        """Whether the files changed: later calls use a new channel, running ones end on the old."""
        try:
            version = identity_version(self._folder)
            if version == self._version:
                return False
            old, self._current = self._current, self._open()
        except OSError:
            # Whoever replaces the files by hand may leave a gap; what we hold is good until then.
            return False
        self._version = version
        draining = asyncio.get_running_loop().create_task(old.close(_DRAIN_SECONDS))
        self._draining.add(draining)
        draining.add_done_callback(self._draining.discard)
        return True

    def _open(self) -> grpc.aio.Channel:
        return grpc.aio.secure_channel(
            self._target, channel_credentials(self._folder), options=self._options
        )

    def unary_unary(  # type: ignore[override]  # a narrower call object, see `connect`
        self,
        method: str,
        request_serializer: Callable[[Any], bytes] | None = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> "_UnaryMethod":
        return _UnaryMethod(self, method, request_serializer, response_deserializer)

    def unary_stream(  # type: ignore[override]  # a narrower call object, see `connect`
        self,
        method: str,
        request_serializer: Callable[[Any], bytes] | None = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> "_StreamMethod":
        return _StreamMethod(self, method, request_serializer, response_deserializer)

    def stream_unary(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - must not be used
        raise NotImplementedError("no peer sends streams of requests")

    def stream_stream(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - must not be used
        raise NotImplementedError("no peer sends streams of requests")

    async def close(self, grace: float | None = None) -> None:
        await self._current.close(grace)
        for draining in list(self._draining):
            draining.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._current.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._current.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._current.channel_ready()

    async def __aenter__(self) -> "MeshChannel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Method:
    def __init__(
        self,
        channel: MeshChannel,
        name: str,
        serializer: Callable[[Any], bytes] | None,
        deserializer: Callable[[bytes], Any] | None,
    ) -> None:
        method = find_method(name)
        self._channel = channel
        self._name = name
        self._serializer = serializer
        self._deserializer = deserializer
        self._policy = read_policy(method)
        self._has_request_id = _REQUEST_ID in method.input_type.fields_by_name
        # The channel beneath may be replaced; the callable made on it is kept as long as it is.
        self._made_on: grpc.aio.Channel | None = None
        self._made: Any = None

    def _callable(self) -> Any:  # noqa: ANN401 - gRPC's own types differ by kind of method
        current = self._channel.current()
        if current is not self._made_on:
            self._made = self._make(current)
            self._made_on = current
        return self._made

    def _make(self, channel: grpc.aio.Channel) -> Any:  # noqa: ANN401
        raise NotImplementedError

    def _seconds(self, timeout: float | None) -> float:
        policy: MethodPolicy = self._policy
        wanted = policy.default_timeout_seconds if timeout is None else timeout
        return seconds_for_peer(min(wanted, policy.max_timeout_seconds))

    def _metadata(self, given: Metadata | None) -> Metadata:
        metadata = [*(given or ()), *outgoing_metadata()]
        call = call_or_none()
        if call is not None and call.token is not None:
            metadata.append(("authorization", f"Bearer {call.token}"))
        # A process that nobody of the mesh calls is its edge, and passes on whence it was asked.
        if call is not None and call.caller_service is None:
            seen = call.one("x-forwarded-for")
            metadata += [("x-forwarded-for", seen)] if seen else []
        return metadata

    def _prepared(self, request: Message) -> Message:
        # With a request id of its own, a call that was carried out unheard is not done twice.
        if not self._has_request_id or cast("Any", request).request_id:
            return request
        prepared = type(request)()
        prepared.CopyFrom(request)
        cast("Any", prepared).request_id = new_id()
        return prepared


class _UnaryMethod(_Method):
    def _make(self, channel: grpc.aio.Channel) -> Any:  # noqa: ANN401
        return channel.unary_unary(self._name, self._serializer, self._deserializer)

    async def __call__(
        self,
        request: Message,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the stub's own parameter
        metadata: Metadata | None = None,
    ) -> Any:  # noqa: ANN401 - the reply type is the stub's to say
        seconds = self._seconds(timeout)
        with client_span(self._name, self._channel.peer) as span:
            code = "OK"
            try:
                return await self._callable()(
                    self._prepared(request), timeout=seconds, metadata=self._metadata(metadata)
                )
            except grpc.aio.AioRpcError as error:
                code = error.code().name
                raise from_peer(error, self._channel.peer) from error
            finally:
                finish_client_span(span, code)


class _StreamMethod(_Method):
    def _make(self, channel: grpc.aio.Channel) -> Any:  # noqa: ANN401
        return channel.unary_stream(self._name, self._serializer, self._deserializer)

    async def __call__(
        self,
        request: Message,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the stub's own parameter
        metadata: Metadata | None = None,
    ) -> AsyncIterator[Any]:
        seconds = self._seconds(timeout)
        call = self._callable()(
            self._prepared(request), timeout=seconds, metadata=self._metadata(metadata)
        )
        try:
            async for reply in call:
                yield reply
        except grpc.aio.AioRpcError as error:
            raise from_peer(error, self._channel.peer) from error
        finally:
            call.cancel()


def service_config(services: Sequence[str]) -> str:
    """Round robin, and retries for what the contract calls idempotent.

    There is no `timeout` in here: gRPC lets that end calls too early. Deadlines are set per call.
    """
    retried = [
        {"service": service, "method": full_name(method).rpartition("/")[2]}
        for service in services
        for method in find_service(service).methods
        if read_policy(method).idempotent
    ]
    config: dict[str, object] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
    }
    if retried:
        config["methodConfig"] = [
            {
                "name": retried,
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    return json.dumps(config)
