"""Around every call: the contract's deadline, the token, retries where it allows them."""

import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, cast

import grpc

from services.cli.refusals import reason_of, retry_after_seconds, status_of
from services.mesh.contract import MethodPolicy, find_method, read_policy

# The gateway needs a moment of its own on top of what the service may take.
_MARGIN_SECONDS = 2.0
_ATTEMPTS = 5
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 2.0

Token = Callable[[bool], str]
"""Returns an access token; a new one when the argument says that the last one was refused."""


# Other reasons of UNAUTHENTICATED are about a password or a code, which no new token mends.
_ABOUT_THE_TOKEN = {"", "TOKEN_MISSING", "TOKEN_INVALID", "GATEWAY"}


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: list[tuple[str, str | bytes]] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


@cache
def policy(method: str) -> MethodPolicy:
    return read_policy(find_method(method))


class Around(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
):
    def __init__(self, token: Token | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._token = token
        self._sleep = sleep

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,  # noqa: ANN401 - any message
    ) -> Any:  # noqa: ANN401
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            call = continuation(self._details(client_call_details, renew=False), request)
            code = call.code()
            if code is grpc.StatusCode.OK:
                return call
            if _is_token_refused(call, code) and self._token and not renewed:
                renewed = True
                call = continuation(self._details(client_call_details, renew=True), request)
                if call.code() is grpc.StatusCode.OK:
                    return call
                code = call.code()
            wait = self._wait_before_retry(client_call_details.method or "", call, code, attempt)
            if wait is None:
                return call
            self._sleep(wait)

    def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        return continuation(self._details(client_call_details, renew=False), request)

    def intercept_stream_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        return continuation(self._details(client_call_details, renew=False), request_iterator)

    def _details(self, given: grpc.ClientCallDetails, *, renew: bool) -> grpc.ClientCallDetails:
        method = str(given.method)
        rules = policy(method)
        metadata = list(given.metadata or ())
        if self._token is not None and not rules.public:
            metadata.append(("authorization", f"Bearer {self._token(renew)}"))
        details = _Details(
            method=method,
            timeout=given.timeout or rules.default_timeout_seconds + _MARGIN_SECONDS,
            metadata=metadata,
            credentials=None,
            wait_for_ready=None,
            compression=None,
        )
        return cast("grpc.ClientCallDetails", details)

    def _wait_before_retry(
        self,
        method: str,
        call: Any,  # noqa: ANN401
        code: grpc.StatusCode,
        attempt: int,
    ) -> float | None:
        if attempt >= _ATTEMPTS:
            return None
        status = status_of(call)
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and reason_of(status) == "GATEWAY":
            # The gateway turned it away before any service saw it, so that it is always safe.
            return retry_after_seconds(status) or 1.0
        if code is grpc.StatusCode.UNAVAILABLE and policy(method).idempotent:
            wait: float = min(_FIRST_WAIT_SECONDS * 2**attempt, _LONGEST_WAIT_SECONDS)
            return wait * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret
        return None


def _is_token_refused(call: Any, code: grpc.StatusCode) -> bool:  # noqa: ANN401
    if code is not grpc.StatusCode.UNAUTHENTICATED:
        return False
    return reason_of(status_of(call)) in _ABOUT_THE_TOKEN
