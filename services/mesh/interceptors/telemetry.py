"""Opens the call's record and its span; gives the request id back in the trailing metadata."""

from typing import Any

from google.protobuf.message import Message

from services.mesh.call import begin_call
from services.mesh.interceptors.chain import Context, Handler, Method
from services.mesh.telemetry import server_span


def telemetry(method: Method, proceed: Handler) -> Handler:
    async def handle(request: Any, context: Context) -> Message | None:
        metadata: dict[str, list[str | bytes]] = {}
        for key, value in context.invocation_metadata() or ():
            metadata.setdefault(key, []).append(value)
        call = begin_call(method.full_name, metadata)
        context.set_trailing_metadata((("x-request-id", call.request_id),))
        with server_span(call):
            return await proceed(request, context)

    return handle
