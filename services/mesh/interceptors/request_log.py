"""One line per call: who called what, how it ended and how long it took. No contents."""

import asyncio
import time
from typing import Any

import structlog
from google.protobuf.message import Message

from services.mesh.call import call_or_none
from services.mesh.caller import caller_or_none
from services.mesh.interceptors.chain import Context, Handler, Method

log = structlog.get_logger()


def request_log(method: Method, proceed: Handler) -> Handler:
    async def handle(request: Any, context: Context) -> Message | None:
        started = time.perf_counter()
        cancelled = False
        try:
            return await proceed(request, context)
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            _write(method, time.perf_counter() - started, cancelled=cancelled)

    return handle


def _write(method: Method, seconds: float, *, cancelled: bool) -> None:
    call = call_or_none()
    caller = caller_or_none()
    write = log.debug if method.is_infrastructure else log.info
    write(
        "call",
        code="CANCELLED" if cancelled else call.code if call else None,
        reason=call.reason if call else None,
        milliseconds=round(seconds * 1000, 2),
        caller=call.caller_service if call else None,
        tenant_id=caller.tenant_id if caller else None,
        user_id=caller.user_id if caller else None,
    )
