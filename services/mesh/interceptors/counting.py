"""Counts each call when it has ended. Belongs behind what opens the call."""

import asyncio
import time
from typing import Any

from google.protobuf.message import Message

from services.mesh.call import call_or_none
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method
from services.mesh.metrics.calls import CallMetrics


def counting(metrics: CallMetrics) -> Interceptor:
    def intercept(method: Method, proceed: Handler) -> Handler:
        name = method.full_name.removeprefix("/")

        async def handle(request: Any, context: Context) -> Message | None:
            started = time.perf_counter()
            is_cancelled = False
            try:
                return await proceed(request, context)
            except asyncio.CancelledError:
                is_cancelled = True
                raise
            finally:
                call = call_or_none()
                metrics.note(
                    name,
                    "CANCELLED" if is_cancelled or call is None else call.code,
                    # A stream lasts as long as its reader likes.
                    None if method.streams else time.perf_counter() - started,
                )

        return handle

    return intercept
