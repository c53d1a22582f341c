"""Traces across every hop, in the W3C format, and the one call that sets up traces and logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.mesh.call import Call, call_or_none
from services.mesh.logs import configure_logs
from services.mesh.settings import MeshSettings

_propagator = TraceContextTextMapPropagator()
_NOBODYS_FAULT = {"OK", "CANCELLED", "NOT_FOUND", "INVALID_ARGUMENT", "ALREADY_EXISTS"}


def configure_telemetry(service: str, settings: MeshSettings) -> None:
    """Call once, at start."""
    configure_logs(service, settings)
    # Spans that nobody collects are not recorded; their ids still tie log lines together.
    collected = settings.otlp_endpoint is not None
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "helpdesk"}),
        sampler=ParentBased(ALWAYS_ON) if collected else ALWAYS_OFF,
        shutdown_on_exit=True,
    )
    if settings.otlp_endpoint is not None:
        # The exporter brings a gRPC channel of its own, which only this case should pay for.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        exporter = OTLPSpanExporter(
            endpoint=settings.otlp_endpoint, insecure=settings.otlp_endpoint.startswith("http://")
        )
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


@cache
def _tracer(provider: trace.TracerProvider) -> trace.Tracer:
    """Making a tracer costs as much as a span, and there is one for each process."""
    return provider.get_tracer("helpdesk")


@contextmanager
def server_span(call: Call) -> Iterator[None]:
    """The span of a served call. Its attributes are names and codes, never messages."""
    parent = call.one("traceparent")
    state = call.one("tracestate")
    carrier = {"traceparent": parent, "tracestate": state or ""} if parent else {}
    with _tracer(trace.get_tracer_provider()).start_as_current_span(
        call.method.lstrip("/"),
        context=_propagator.extract(carrier),
        kind=SpanKind.SERVER,
        attributes=_names(call.method),
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        context = span.get_span_context()
        if context.is_valid:
            call.trace_id = trace.format_trace_id(context.trace_id)
            call.span_id = trace.format_span_id(context.span_id)
        try:
            yield
        finally:
            _finish(span, call.code, call.reason)


@contextmanager
def client_span(method: str, peer: str) -> Iterator[trace.Span]:
    with _tracer(trace.get_tracer_provider()).start_as_current_span(
        method.lstrip("/"),
        kind=SpanKind.CLIENT,
        attributes={**_names(method), "server.address": peer},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


def finish_client_span(span: trace.Span, code: str) -> None:
    _finish(span, code, None)


def outgoing_metadata() -> list[tuple[str, str]]:
    """What ties a call to a peer to the call that caused it."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    call = call_or_none()
    if call is not None:
        carrier["x-request-id"] = call.request_id
    return list(carrier.items())


def _names(method: str) -> dict[str, str]:
    _, service, name = method.split("/", 2) if method.count("/") >= 2 else ("", "", method)  # noqa: PLR2004
    return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}


def _finish(span: trace.Span, code: str, reason: str | None) -> None:
    span.set_attribute("rpc.grpc.status", code)
    if reason is not None:
        span.set_attribute("helpdesk.reason", reason)
    if code not in _NOBODYS_FAULT:
        span.set_status(StatusCode.ERROR)
