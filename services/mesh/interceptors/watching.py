"""Ends watches when the server stops. They never end by themselves and would use up its grace."""

import asyncio
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message

from services.mesh.errors import PeerUnavailable
from services.mesh.interceptors.chain import Context, Handler, Method

_RETRY_AFTER = timedelta(seconds=1)


class Watches:
    """The running calls of streaming methods that are called `Watch…`."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._ended: set[asyncio.Task[Any]] = set()

    def end(self) -> None:
        """Sends every watcher away with the advice to come back."""
        self._ended |= self._running
        for task in self._running:
            task.cancel()

    def intercept(self, method: Method, proceed: Handler) -> Handler:
        if not method.streams or not method.full_name.rpartition("/")[2].startswith("Watch"):
            return proceed

        async def handle(request: Any, context: Context) -> Message | None:
            task = asyncio.current_task()
            if task is None:
                return await proceed(request, context)
            self._running.add(task)
            try:
                return await proceed(request, context)
            except asyncio.CancelledError:
                if task not in self._ended:
                    raise
                task.uncancel()
                raise PeerUnavailable(
                    "The server is stopping. Another one answers soon.", retry_after=_RETRY_AFTER
                ) from None
            finally:
                self._running.discard(task)
                self._ended.discard(task)

        return handle
