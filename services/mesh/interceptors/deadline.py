"""Gives every call an end: what the caller asked for, within the contract's bounds."""

import asyncio
from typing import Any

from google.protobuf.message import Message

from services.mesh.deadline import out_of_time, start_deadline
from services.mesh.interceptors.chain import Context, Handler, Method


def deadline(method: Method, proceed: Handler) -> Handler:
    default = method.policy.default_timeout_seconds
    longest = method.policy.max_timeout_seconds

    async def handle(request: Any, context: Context) -> Message | None:
        asked = context.time_remaining()
        seconds = default if asked is None else min(asked, longest)
        if seconds <= 0:
            raise out_of_time()
        start_deadline(seconds)
        try:
            async with asyncio.timeout(seconds) as running:
                return await proceed(request, context)
        except TimeoutError:
            if not running.expired():
                raise
            raise out_of_time() from None

    return handle
