"""Joins the provider's parts around one channel to auth."""

from pathlib import Path

import grpc
from starlette.routing import Route

from helpdesk.auth.v1 import authorization_service_pb2_grpc
from services.gateway.bridge.provider.browser_pages import BrowserPages
from services.gateway.bridge.provider.client_endpoints import ClientEndpoints
from services.gateway.bridge.provider.cookies import Cookies
from services.gateway.bridge.provider.pages import Pages
from services.gateway.bridge.provider.scope_words import ScopeWords


def provider_routes(auth: grpc.aio.Channel, issuer: str, openapi_document: Path) -> list[Route]:
    stub = authorization_service_pb2_grpc.AuthorizationServiceStub(auth)
    pages = BrowserPages(stub, Cookies(issuer), Pages(), ScopeWords(openapi_document))
    return [*ClientEndpoints(stub, issuer).routes(), *pages.routes()]
