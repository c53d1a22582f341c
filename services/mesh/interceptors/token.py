"""Believes the end user's token and nothing else: no header says who the user or tenant is."""

from dataclasses import replace
from typing import Any

from google.protobuf.message import Message

from services.mesh.authority import Authority
from services.mesh.call import call_or_none
from services.mesh.caller import current_caller, set_caller
from services.mesh.errors import TokenInvalid, TokenMissing
from services.mesh.interceptors.chain import Context, Handler, Interceptor, Method
from services.mesh.scopes import within_scope

_SCHEME = "bearer "


def token(authority: Authority) -> Interceptor:
    def intercept(method: Method, proceed: Handler) -> Handler:
        if method.policy.public:
            return proceed

        async def handle(request: Any, context: Context) -> Message | None:
            text = _bearer()
            claims = await authority.verify(text)
            set_caller(
                replace(
                    current_caller(),
                    tenant_id=claims.tenant_id,
                    user_id=claims.user_id,
                    session_id=claims.session_id,
                    client_id=claims.client_id,
                    scope=claims.scope,
                    # Not the token's, which remembers a role for minutes after it is taken away.
                    roles=authority.roles(claims.tenant_id, claims.user_id),
                    permissions=within_scope(
                        authority.permissions(claims.tenant_id, claims.user_id), claims.scope
                    ),
                )
            )
            return await proceed(request, context)

        return handle

    return intercept


def _bearer() -> str:
    call = call_or_none()
    values = call.metadata.get("authorization", []) if call else []
    if call is None or not values:
        raise TokenMissing("This needs an access token.")
    # Two tokens are a trick: whoever looked before us may have looked at the other one.
    only = call.one("authorization")
    if only is None or only[: len(_SCHEME)].lower() != _SCHEME:
        raise TokenInvalid("The authorization header must hold one bearer token.")
    call.token = only[len(_SCHEME) :]
    return call.token
