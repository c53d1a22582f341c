"""Reads the request's bytes, after the caller was let in; broken bytes are the caller's mistake."""

from typing import Any

from google.protobuf.message import DecodeError, Message

from services.mesh.call import call_or_none
from services.mesh.errors import InvalidRequest
from services.mesh.interceptors.chain import Context, Handler, Method, each


def parsing(method: Method, proceed: Handler) -> Handler:
    parse = method.parse
    if parse is None:
        return proceed

    def read(request: bytes) -> Message:
        try:
            return parse(request)
        except DecodeError as error:
            raise InvalidRequest("The request is not a message of the contract.") from error

    def read_next(request: bytes) -> Message:
        call = call_or_none()
        if call is not None and call.before_each_message is not None:
            call.before_each_message()
        return read(request)

    async def handle(request: Any, context: Context) -> Message | None:
        message = each(request, read_next) if method.takes_stream else read(request)
        return await proceed(message, context)

    return handle
