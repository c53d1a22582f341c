"""Structured logs on stderr. They carry ids and never what people wrote."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from services.mesh.call import call_or_none
from services.mesh.settings import MeshSettings

Event = MutableMapping[str, Any]


def configure_logs(service: str, settings: MeshSettings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]

    def add_service(_logger: object, _method: str, event: Event) -> Event:
        event["service"] = service
        return event

    # ConsoleRenderer would print CR and LF of an exception's text as they are; JSON escapes them.
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_service,
            add_call,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[_Forward()], force=True)


def add_call(_logger: object, _method: str, event: Event) -> Event:
    call = call_or_none()
    if call is not None:
        event.setdefault("request_id", call.request_id)
        event.setdefault("method", call.method)
        if call.trace_id is not None:
            event.setdefault("trace_id", call.trace_id)
            event.setdefault("span_id", call.span_id)
    return event


class _Forward(logging.Handler):
    """Lets what libraries log take the same way as our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)
