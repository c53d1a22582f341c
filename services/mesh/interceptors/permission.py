"""Lets a user in only with the permission that the contract names."""

from typing import Any

from google.protobuf.message import Message

from services.mesh.caller import current_caller
from services.mesh.errors import PermissionMissing
from services.mesh.interceptors.chain import Context, Handler, Method


def permission(method: Method, proceed: Handler) -> Handler:
    if method.policy.public:
        return proceed
    needed = method.policy.permission

    async def handle(request: Any, context: Context) -> Message | None:
        if not current_caller().may(needed):
            raise PermissionMissing(
                "You lack the permission that this needs.", metadata={"permission": needed}
            )
        return await proceed(request, context)

    return handle
