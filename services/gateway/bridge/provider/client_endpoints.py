"""What programs ask: JSON answers, and errors as RFC 6749, section 5.2, spells them."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from helpdesk.auth.v1 import authorization_service_pb2 as messages
from helpdesk.auth.v1 import authorization_service_pb2_grpc as services
from services.gateway.bridge.provider.discovery import (
    CONFIGURATION,
    DEVICE,
    DEVICE_AUTHORIZATION,
    REVOKE,
    TOKEN,
    USERINFO,
    configuration,
)
from services.gateway.bridge.provider.parameters import OAuthFault, read_client_form
from services.mesh.errors import MeshError, TokenInvalid, Unauthenticated, Unavailable
from services.mesh.tokens import MAX_TOKEN_LENGTH

Endpoint = Callable[[Request], Awaitable[Response]]

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
_BEARER = "bearer "


class ClientEndpoints:
    def __init__(self, auth: "services.AuthorizationServiceAsyncStub", issuer: str) -> None:
        self._auth = auth
        self._issuer = issuer

    def routes(self) -> list[Route]:
        return [
            Route(CONFIGURATION, self.configuration),
            Route(TOKEN, _speaking_oauth(self.token), methods=["POST"]),
            Route(REVOKE, _speaking_oauth(self.revoke), methods=["POST"]),
            Route(DEVICE_AUTHORIZATION, _speaking_oauth(self.start_device), methods=["POST"]),
            Route(USERINFO, _speaking_bearer(self.user_info), methods=["GET", "POST"]),
        ]

    async def configuration(self, _: Request) -> Response:
        return JSONResponse(configuration(self._issuer), headers={"cache-control": "max-age=300"})

    async def token(self, request: Request) -> Response:
        form, client = await read_client_form(request)
        granted = await self._auth.ExchangeGrant(
            messages.ExchangeGrantRequest(
                grant_type=form["grant_type"],
                client=client,
                code=form["code"],
                redirect_uri=form["redirect_uri"],
                code_verifier=form["code_verifier"],
                refresh_token=form["refresh_token"],
                device_code=form["device_code"],
                scope=form["scope"],
            )
        )
        answer: dict[str, object] = {
            "access_token": granted.access_token,
            "token_type": granted.token_type,
            "expires_in": granted.expires_in.seconds,
            "scope": granted.scope,
        }
        for name in ("refresh_token", "id_token"):
            if getattr(granted, name):
                answer[name] = getattr(granted, name)
        return JSONResponse(answer, headers=_NO_STORE)

    async def revoke(self, request: Request) -> Response:
        form, client = await read_client_form(request)
        await self._auth.RevokeGrant(
            messages.RevokeGrantRequest(client=client, token=form["token"])
        )
        return Response(headers=_NO_STORE)

    async def start_device(self, request: Request) -> Response:
        form, client = await read_client_form(request)
        started = await self._auth.StartDeviceAuthorization(
            messages.StartDeviceAuthorizationRequest(client=client, scope=form["scope"])
        )
        page = self._issuer + DEVICE
        answer = {
            "device_code": started.device_code,
            "user_code": started.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={started.user_code}",
            "expires_in": started.expires_in.seconds,
            "interval": started.interval.seconds,
        }
        return JSONResponse(answer, headers=_NO_STORE)

    async def user_info(self, request: Request) -> Response:
        info = await self._auth.GetUserInfo(
            messages.GetUserInfoRequest(access_token=_bearer(request))
        )
        claims = {
            "sub": info.sub,
            "name": info.name,
            "tenant": info.tenant_slug,
            "email": info.email,
        }
        return JSONResponse(
            {name: value for name, value in claims.items() if value}, headers=_NO_STORE
        )


def _speaking_oauth(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except OAuthFault as fault:
            return _refusal(request, fault.error, fault.description)
        except MeshError as error:
            if "error" in error.metadata:
                return _refusal(
                    request, error.metadata["error"], error.metadata["error_description"]
                )
            return _failure(error)

    return answer


def _speaking_bearer(endpoint: Endpoint) -> Endpoint:
    """RFC 6750, section 3."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except OAuthFault as fault:
            # Without a token nothing is said about errors.
            return _challenge(401 if fault.error == "" else 400, fault.error)
        except Unauthenticated:
            return _challenge(401, "invalid_token")
        except MeshError as error:
            if error.metadata.get("error") == "insufficient_scope":
                return _challenge(403, "insufficient_scope", ', scope="openid"')
            return _failure(error)

    return answer


def _bearer(request: Request) -> str:
    headers = request.headers.getlist("authorization")
    if not headers:
        raise OAuthFault("", "There is no token.")
    if len(headers) > 1 or not headers[0].lower().startswith(_BEARER):
        raise OAuthFault("invalid_request", "The authorization header must hold one bearer token.")
    token = headers[0][len(_BEARER) :]
    if not token or len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        raise TokenInvalid("The access token is not valid.")
    return token


def _refusal(request: Request, error: str, description: str) -> Response:
    headers = dict(_NO_STORE)
    if error == "invalid_client" and "authorization" in request.headers:
        headers["www-authenticate"] = 'Basic realm="helpdesk", charset="UTF-8"'
    status = 401 if error == "invalid_client" else 400
    body = {"error": error, "error_description": description}
    return JSONResponse(body, status, headers=headers)


def _challenge(status: int, error: str, more: str = "") -> Response:
    challenge = 'Bearer realm="helpdesk"' + (f', error="{error}"{more}' if error else "")
    body = {"error": error} if error else {}
    return JSONResponse(body, status, headers={**_NO_STORE, "www-authenticate": challenge})


def _failure(error: MeshError) -> Response:
    is_passing = isinstance(error, Unavailable)
    name = "temporarily_unavailable" if is_passing else "server_error"
    headers = {**_NO_STORE, "retry-after": "1"} if is_passing else _NO_STORE
    return JSONResponse({"error": name}, 503 if is_passing else 500, headers=headers)
