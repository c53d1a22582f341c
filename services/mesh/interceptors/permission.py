"""Lets a user in only with the permission that the contract names, and out again without it."""

from typing import Any

from google.protobuf.message import Message

from services.mesh.authority import Authority
from services.mesh.call import call_or_none
from services.mesh.caller import Caller, current_caller, current_tenant, current_user
from services.mesh.errors import PermissionMissing
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method
from services.mesh.scopes import within_scope


def permission(authority: Authority) -> Interceptor:
    def intercept(method: Method, proceed: Handler) -> Handler:
        if method.policy.public:
            return proceed
        needed = method.policy.permission

        async def handle(request: Any, context: Context) -> Message | None:
            _check(current_caller(), needed)
            call = call_or_none()
            if (method.streams or method.takes_stream) and call is not None:
                tenant_id, user_id = current_tenant(), current_user()
                caller = current_caller()
                scope = caller.scope
                check_session = authority.session_check(tenant_id, caller.session_id or "")

                # A stream may outlive the session and the permission that it began with.
                def check_again() -> None:
                    check_session()
                    permissions = authority.permissions(tenant_id, user_id)
                    if needed not in within_scope(permissions, scope):
                        raise _missing(needed)

                call.before_each_message = check_again
            return await proceed(request, context)

        return handle

    return intercept


def _check(caller: Caller, needed: str) -> None:
    if not caller.may(needed):
        raise _missing(needed)


def _missing(needed: str) -> PermissionMissing:
    return PermissionMissing(
        "You lack the permission that this needs.", metadata={"permission": needed}
    )
