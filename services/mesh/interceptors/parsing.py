"""Reads the request's bytes, after the caller was let in; broken bytes are the caller's mistake."""

from typing import Any

from google.protobuf.message import DecodeError, Message

from services.mesh.errors import InvalidRequest
from services.mesh.interceptors.chain import Context, Handler, Method


def parsing(method: Method, proceed: Handler) -> Handler:
    parse = method.parse
    if parse is None:
        return proceed

    async def handle(request: Any, context: Context) -> Message | None:
        try:
            message = parse(request)
        except DecodeError as error:
            raise InvalidRequest("The request is not a message of the contract.") from error
        return await proceed(message, context)

    return handle
