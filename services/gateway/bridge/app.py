"""The ASGI application of the bridge."""

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path

import grpc
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from helpdesk.auth.v1 import (
    account_service_pb2_grpc,
    authorization_service_pb2_grpc,
    federated_login_service_pb2_grpc,
)
from services.gateway.bridge.provider.account_pages import AccountPages
from services.gateway.bridge.provider.browser_pages import BrowserPages
from services.gateway.bridge.provider.client_endpoints import ClientEndpoints
from services.gateway.bridge.provider.cookies import Cookies
from services.gateway.bridge.provider.external_logins import ExternalLogins
from services.gateway.bridge.provider.pages import Pages
from services.gateway.bridge.provider.scope_words import ScopeWords
from services.gateway.bridge.requests import KeepsRequestId

_OWN_FILES = Path(__file__).parent / "pages"
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def make_app(openapi_document: Path, auth: grpc.aio.Channel, issuer: str) -> Starlette:
    """The pages around one OpenAPI document and around auth; every file comes from this machine."""
    swagger = _swagger_folder()
    page = (_OWN_FILES / "docs.html").read_text()
    provider = authorization_service_pb2_grpc.AuthorizationServiceStub(auth)
    federated = federated_login_service_pb2_grpc.FederatedLoginServiceStub(auth)
    account = account_service_pb2_grpc.AccountServiceStub(auth)
    pages, cookies = Pages(), Cookies(issuer)
    browser_pages = BrowserPages(provider, cookies, pages, ScopeWords(openapi_document))

    async def documentation(_: Request) -> Response:
        return HTMLResponse(page, headers={"content-security-policy": _CONTENT_SECURITY_POLICY})

    return Starlette(
        routes=[
            Route("/", _start),
            Route("/healthz", _health),
            Route("/docs", documentation),
            Route("/docs/start.js", _file(_OWN_FILES / "start.js")),
            Route("/docs/docs.css", _file(_OWN_FILES / "docs.css")),
            Route("/docs/swagger-ui.css", _file(swagger / "swagger-ui.css")),
            Route("/docs/swagger-ui-bundle.js", _file(swagger / "swagger-ui-bundle.js")),
            Route("/openapi.json", _file(openapi_document)),
            *ClientEndpoints(provider, issuer).routes(),
            *browser_pages.routes(),
            *AccountPages(account, pages, browser_pages.plainly).routes(),
            *ExternalLogins(federated, provider, cookies, pages, browser_pages).routes(),
        ],
        middleware=[Middleware(KeepsRequestId)],
    )


async def _start(_: Request) -> Response:
    return RedirectResponse("/docs")


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")


def _file(path: Path) -> Callable[[Request], Awaitable[Response]]:
    async def send(_: Request) -> Response:
        return FileResponse(path, headers={"x-content-type-options": "nosniff"})

    return send


def _swagger_folder() -> Path:
    """Where the installed package keeps Swagger UI; found without importing the package."""
    spec = find_spec("fastapi_swagger")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the Swagger UI files are not installed; run `make install`")
    return Path(spec.submodule_search_locations[0]) / "resources"
