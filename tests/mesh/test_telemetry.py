import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from helpdesk.auth.v1 import token_service_pb2, token_service_pb2_grpc
from services.mesh.call import Call
from services.mesh.channel import connect
from services.mesh.errors import Internal, NotFound
from services.mesh.telemetry import server_span
from tests.mesh.scripted import Scripted
from tests.support.mesh_server import RunningServer

SECRET = "ann@acme.example"
KEYS = token_service_pb2.GetSigningKeysRequest()


class Collected(InMemorySpanExporter):
    """Lets a test wait for the server's span, which ends a moment after the client's."""

    def __init__(self) -> None:
        super().__init__()
        self._has_both = asyncio.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        if len(self.get_finished_spans()) == 2:
            self._has_both.set()
        return result

    async def both(self) -> dict[SpanKind, ReadableSpan]:
        async with asyncio.timeout(5):
            await self._has_both.wait()
        return {span.kind: span for span in self.get_finished_spans()}


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collected]:
    exporter = Collected()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


class Missing(NotFound):
    reason = "MISSING"


async def call_through(server: RunningServer) -> None:
    async with connect(server.settings_with_peer(), caller_service="chat", peer="auth") as channel:
        stub: Any = token_service_pb2_grpc.TokenServiceStub(channel)
        await stub.GetSigningKeys(KEYS)


async def test_client_and_server_share_one_trace(server: RunningServer, spans: Collected) -> None:
    await call_through(server)
    found = await spans.both()
    client, served = found[SpanKind.CLIENT], found[SpanKind.SERVER]
    assert client.context is not None
    assert served.parent is not None
    assert served.parent.span_id == client.context.span_id
    assert served.parent.trace_id == client.context.trace_id
    assert served.name == "helpdesk.auth.v1.TokenService/GetSigningKeys"


async def test_spans_carry_codes_and_no_text(
    server: RunningServer, scripted: Scripted, spans: Collected
) -> None:
    async def fail(_: object, __: object) -> None:
        raise RuntimeError(SECRET)

    scripted.answers["GetSigningKeys"] = fail
    with pytest.raises(Internal):
        await call_through(server)
    for span in (await spans.both()).values():
        assert SECRET not in span.to_json()
        assert not span.events
        assert span.status.status_code is StatusCode.ERROR
        assert dict(span.attributes or {})["rpc.grpc.status"] == "INTERNAL"


async def test_a_refusal_is_no_fault_of_the_server(
    server: RunningServer, scripted: Scripted, spans: Collected
) -> None:
    async def fail(_: object, __: object) -> None:
        raise Missing("No.")

    scripted.answers["GetSigningKeys"] = fail
    with pytest.raises(NotFound):
        await call_through(server)
    served = (await spans.both())[SpanKind.SERVER]
    assert served.status.status_code is StatusCode.UNSET
    assert dict(served.attributes or {})["helpdesk.reason"] == "MISSING"


def test_a_made_up_trace_header_is_ignored(spans: Collected) -> None:
    del spans
    call = Call("/a.B/C", "req-7", {"traceparent": ["00-evil\r\n-01"]})
    with server_span(call):
        assert call.trace_id is not None
    assert trace.get_current_span() is trace.INVALID_SPAN
