"""The RPC that the current task serves, as far as logs and further calls need to know it."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from services.mesh.ids import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")


@dataclass
class Call:
    method: str
    request_id: str
    metadata: dict[str, list[str | bytes]] = field(default_factory=dict)
    caller_service: str | None = None
    token: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    code: str = "OK"
    reason: str | None = None
    # May raise to end a stream; set where there is something to ask again.
    before_each_message: Callable[[], None] | None = None

    def one(self, key: str) -> str | None:
        """The value of a metadata key that is there exactly once."""
        values = self.metadata.get(key, [])
        return values[0] if len(values) == 1 and isinstance(values[0], str) else None


_call: ContextVar[Call | None] = ContextVar("call", default=None)


def call_or_none() -> Call | None:
    return _call.get()


def begin_call(method: str, metadata: dict[str, list[str | bytes]]) -> Call:
    """For the rest of the current task. Each RPC is a task of its own."""
    call = Call(method=method, request_id="", metadata=metadata)
    given = call.one("x-request-id")
    call.request_id = given if given is not None and _REQUEST_ID.match(given) else new_id()
    _call.set(call)
    return call
