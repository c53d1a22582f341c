"""Lets a service in only where the contract names it."""

from typing import Any

from google.protobuf.message import Message

from services.mesh.call import call_or_none
from services.mesh.caller import Caller, set_caller
from services.mesh.errors import CallerNotAllowed
from services.mesh.interceptors.chain import Context, Handler, Method
from services.mesh.tls import peer_service


def caller_identity(method: Method, proceed: Handler) -> Handler:
    allowed = method.policy.callers

    async def handle(request: Any, context: Context) -> Message | None:
        service = peer_service(context)
        call = call_or_none()
        if call is not None:
            call.caller_service = service
        if service not in allowed:
            raise CallerNotAllowed(
                "This service may not call this method.", metadata={"caller": service}
            )
        set_caller(Caller(service=service))
        return await proceed(request, context)

    return handle
