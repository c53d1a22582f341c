"""Answers a call that has changed the policy only when the change holds in every service.

Whoever is told that access is gone may rely on it: what is asked after the answer is refused.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from google.protobuf.message import Message

from services.auth.policy_watchers import PolicyWatchers
from services.mesh.errors import Unavailable
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method

# Longer would be promising more than a service that hangs can keep.
LONGEST_WAIT_SECONDS = 1.0

CurrentVersion = Callable[[], Awaitable[int]]

_log = structlog.get_logger(__name__)


@dataclass
class _Change:
    happened: bool = False


_change: ContextVar[_Change | None] = ContextVar("change_of_the_policy_in_this_call", default=None)


def note_change() -> None:
    """To be called after a commit that changed the policy."""
    change = _change.get()
    if change is not None:
        change.happened = True


def settling(current_version: CurrentVersion, watchers: PolicyWatchers) -> Interceptor:
    def intercept(method: Method, proceed: Handler) -> Handler:
        if method.streams:
            return proceed

        async def handle(request: Any, context: Context) -> Message | None:  # noqa: ANN401  any
            change = _Change()
            token = _change.set(change)
            try:
                return await proceed(request, context)
            finally:
                _change.reset(token)
                # Also when it fails: a stolen refresh token ends a session and is refused.
                if change.happened:
                    await _settle(current_version, watchers)

        return handle

    return intercept


async def _settle(current_version: CurrentVersion, watchers: PolicyWatchers) -> None:
    """What was done is done: nothing here may turn its answer into another one."""
    try:
        version = await current_version()
    except Unavailable as error:
        _log.warning("policy_not_settled", error=error.reason)
        return
    await watchers.settled(version, LONGEST_WAIT_SECONDS)
