"""Out to an identity provider from the login page, and back with its answer."""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from helpdesk.auth.v1 import authorization_service_pb2 as messages
from helpdesk.auth.v1 import authorization_service_pb2_grpc as services
from helpdesk.auth.v1 import federated_login_service_pb2 as federated_messages
from helpdesk.auth.v1 import federated_login_service_pb2_grpc as federated_services
from services.gateway.bridge.provider.browser_pages import BrowserPages, Endpoint, request_secret
from services.gateway.bridge.provider.cookies import Cookies
from services.gateway.bridge.provider.discovery import (
    EXTERNAL,
    EXTERNAL_CALLBACK,
    EXTERNAL_START,
)
from services.gateway.bridge.provider.pages import Pages
from services.gateway.bridge.provider.parameters import OAuthFault, read_form, read_query
from services.mesh.errors import MeshError

_LONGEST_SLUG = 64
_LONGEST_ID = 64
_LONGEST_STATE = 128

_ERROR = re.compile(r"[a-z_]{1,40}\Z")
_OVER = "Go back to the application that you came from and log in again."
_REFUSALS = {
    "FEDERATED_LOGIN_INVALID": (
        "This login has expired",
        f"It is too old, was used already, or began in another browser. {_OVER}",
        400,
    ),
    "EXTERNAL_TOKEN_INVALID": (
        "You are not logged in",
        "We could not make sure that the answer of your organisation's login is genuine. " + _OVER,
        400,
    ),
    "EXTERNAL_USER_REFUSED": (
        "You may not log in here",
        "Your organisation's login knows you, but this helpdesk does not let you in. "
        "Please ask your administrator.",
        403,
    ),
    "TENANT_SUSPENDED": (
        "Your organisation is suspended",
        "Please ask its administrator.",
        403,
    ),
    "IDENTITY_PROVIDER_NOT_FOUND": (
        "This login does not exist",
        f"Your organisation has no such login here any more. {_OVER}",
        404,
    ),
    "IDENTITY_PROVIDER_UNUSABLE": (
        "Your organisation's login does not answer",
        "Please try again in a moment. If it lasts, tell your administrator.",
        503,
    ),
}


class ExternalLogins:
    def __init__(
        self,
        federated: "federated_services.FederatedLoginServiceAsyncStub",
        auth: "services.AuthorizationServiceAsyncStub",
        cookies: Cookies,
        pages: Pages,
        browser_pages: BrowserPages,
    ) -> None:
        self._federated = federated
        self._auth = auth
        self._cookies = cookies
        self._pages = pages
        self._browser_pages = browser_pages

    def routes(self) -> list[Route]:
        return [
            Route(EXTERNAL, self._plainly(self.choose), methods=["POST"]),
            Route(EXTERNAL_START, self._plainly(self.start), methods=["POST"]),
            Route(EXTERNAL_CALLBACK, self._plainly(self.come_back), methods=["GET"]),
        ]

    async def choose(self, request: Request) -> Response:
        """The login page once more, with what the organisation offers."""
        form = (await read_form(request)).once()
        browser = self._cookies.browser(request)
        slug = form["tenant"].strip().lower()[:_LONGEST_SLUG]
        step = await self._auth.InspectAuthorization(
            messages.InspectAuthorizationRequest(
                request_secret=request_secret(form), browser=browser, tenant_slug=slug
            )
        )
        if step.WhichOneof("next") != "login" or step.login.login_providers:
            return self._browser_pages.follow(step, browser)
        fault = "This organisation has no login of its own here. Use your password."
        return self._browser_pages.login_page(
            step.login,
            email="",
            tenant=slug,
            fault=fault if slug else "Enter your organisation first.",
            status=400,
        )

    async def start(self, request: Request) -> Response:
        form = (await read_form(request)).once()
        started = await self._federated.StartFederatedLogin(
            federated_messages.StartFederatedLoginRequest(
                request_secret=request_secret(form),
                browser=self._cookies.browser(request),
                tenant_slug=_short(form["tenant"], _LONGEST_SLUG),
                identity_provider_id=_short(form["provider"], _LONGEST_ID),
            )
        )
        # A page of its own rather than a redirect: browsers hold a redirect that answers a form
        # against form-action, and no policy can name the addresses of all providers.
        return self._pages.show(
            "external", location=started.authorization_url, provider=started.display_name
        )

    async def come_back(self, request: Request) -> Response:
        answer = read_query(request).once()
        browser = self._cookies.browser(request)
        if "error" in answer or "code" not in answer:
            return self._pages.refuse(
                "You are not logged in",
                f"Your organisation's login did not let you in. {_OVER}",
                # Anybody can make such a link: no sentence of theirs is shown as if it were ours.
                answer["error"] if _ERROR.match(answer["error"]) else "",
            )
        step = await self._federated.CompleteFederatedLogin(
            federated_messages.CompleteFederatedLoginRequest(
                identity_provider_id=_short(request.path_params["provider_id"], _LONGEST_ID),
                state=_short(answer["state"], _LONGEST_STATE),
                code=answer["code"],
                issuer=answer["iss"],
                browser=browser,
            )
        )
        return self._browser_pages.follow(step, browser)

    def _plainly(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except MeshError as error:
                if error.reason not in _REFUSALS:
                    raise
                title, explanation, status = _REFUSALS[error.reason]
                return self._pages.refuse(title, explanation, status=status)

        return self._browser_pages.plainly(answer)


def _short(text: str, longest: int) -> str:
    if not text or len(text) > longest:
        raise OAuthFault("invalid_request", "The request is not complete.")
    return text
