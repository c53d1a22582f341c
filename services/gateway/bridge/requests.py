"""Lets what the bridge asks of its peers carry the id of the request that made it ask."""

from starlette.types import ASGIApp, Receive, Scope, Send

from services.mesh.call import begin_call

_FORWARDED = ("x-request-id", "traceparent", "tracestate", "x-forwarded-for")


class KeepsRequestId:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            metadata: dict[str, list[str | bytes]] = {}
            for name, value in scope["headers"]:
                if name.decode("latin-1") in _FORWARDED:
                    metadata.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
            begin_call(scope["path"], metadata)
        await self._app(scope, receive, send)
