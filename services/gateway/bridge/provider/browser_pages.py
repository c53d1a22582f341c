"""What people see: login, consent, the code of a device, and logout. Works without JavaScript."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from helpdesk.auth.v1 import authorization_service_pb2 as messages
from helpdesk.auth.v1 import authorization_service_pb2_grpc as services
from services.gateway.bridge.provider.cookies import Cookies, form_mark, is_form_mark
from services.gateway.bridge.provider.discovery import (
    AUTHORIZE,
    CONSENT,
    DEVICE,
    EXTERNAL,
    EXTERNAL_START,
    LOGIN,
    LOGOUT,
)
from services.gateway.bridge.provider.pages import FOLDER, Pages
from services.gateway.bridge.provider.parameters import (
    OAuthFault,
    Parameters,
    read_either,
    read_form,
    read_query,
)
from services.gateway.bridge.provider.scope_words import ScopeWords
from services.mesh.errors import MeshError, Unavailable

Endpoint = Callable[[Request], Awaitable[Response]]

# A redirect that repeats a form would carry a password along (RFC 9700, section 4.12).
_SEE_OTHER = 303
_UNSUPPORTED = ("request", "request_uri", "registration")
_ASKED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "id_token_hint",
)
_LOGIN_FAULTS = {
    "CREDENTIALS_WRONG": "Organisation, e-mail address and password do not match.",
    "TENANT_SUSPENDED": "Your organisation is suspended. Please ask its administrator.",
    "ONE_TIME_CODE_REQUIRED": "Enter the code of your authenticator app, with your password.",
}
_LONGEST_CODE = 64
_LONGEST_SECRET = 128
_LONGEST = {"tenant": 64, "email": 254, "password": 256, "one_time_code": 64}


class BrowserPages:
    def __init__(
        self,
        auth: "services.AuthorizationServiceAsyncStub",
        cookies: Cookies,
        pages: Pages,
        words: ScopeWords,
    ) -> None:
        self._auth = auth
        self._cookies = cookies
        self._pages = pages
        self._words = words

    def routes(self) -> list[Route]:
        return [
            Route(AUTHORIZE, self.plainly(self.authorize), methods=["GET", "POST"]),
            Route(LOGIN, self.plainly(self.log_in), methods=["POST"]),
            Route(CONSENT, self.plainly(self.consent), methods=["POST"]),
            Route(DEVICE, self.plainly(self.device), methods=["GET", "POST"]),
            Route(LOGOUT, self.plainly(self.log_out), methods=["GET", "POST"]),
            Route("/oauth/style.css", _style),
        ]

    async def authorize(self, request: Request) -> Response:
        asked = await read_either(request)
        browser = self._cookies.browser(request)
        known = {*_ASKED, "tenant", "login_hint", *_UNSUPPORTED}
        step = await self._auth.BeginAuthorization(
            messages.BeginAuthorizationRequest(
                **{name: asked[name] for name in _ASKED},
                tenant_slug=asked["tenant"],
                repeated_parameters=[name for name in asked.repeated if name in known],
                unsupported_parameters=[name for name in _UNSUPPORTED if name in asked],
                browser=browser,
            )
        )
        return self.follow(step, browser, email=asked["login_hint"])

    async def log_in(self, request: Request) -> Response:
        form = (await read_form(request)).once()
        browser = self._cookies.browser(request)
        if any(len(form[name]) > length for name, length in _LONGEST.items()):
            return await self._ask_again(form, browser, _LOGIN_FAULTS["CREDENTIALS_WRONG"])
        try:
            step = await self._auth.LogInBrowser(
                messages.LogInBrowserRequest(
                    request_secret=request_secret(form),
                    browser=browser,
                    tenant_slug=form["tenant"].strip().lower(),
                    email=form["email"].strip(),
                    password=form["password"],
                    one_time_code=form["one_time_code"].replace(" ", ""),
                )
            )
        except MeshError as error:
            if error.reason == "LOGIN_THROTTLED":
                return await self._ask_to_wait(form, browser, error)
            if error.reason not in _LOGIN_FAULTS:
                raise
            asks_for_code = error.reason == "ONE_TIME_CODE_REQUIRED"
            return await self._ask_again(
                form, browser, _LOGIN_FAULTS[error.reason], asks_for_code=asks_for_code
            )
        return self.follow(step, browser)

    async def consent(self, request: Request) -> Response:
        form = (await read_form(request)).once()
        browser = self._cookies.browser(request)
        step = await self._auth.DecideAuthorization(
            messages.DecideAuthorizationRequest(
                request_secret=request_secret(form),
                browser=browser,
                approved=form["decision"] == "allow",
            )
        )
        return self.follow(step, browser)

    async def device(self, request: Request) -> Response:
        browser = self._cookies.browser(request)
        if request.method != "POST":
            return self._ask_for_device(browser, read_query(request)["user_code"])
        form = (await read_form(request)).once()
        if (
            not is_form_mark(browser, DEVICE, form["mark"])
            or len(form["user_code"]) > _LONGEST_CODE
        ):
            return self._ask_for_device(browser, form["user_code"], "Enter the code once more.")
        if not form["user_code"]:
            return self._ask_for_device(browser, "", "Enter the code that your device shows.")
        try:
            step = await self._auth.BeginDeviceApproval(
                messages.BeginDeviceApprovalRequest(user_code=form["user_code"], browser=browser)
            )
        except MeshError as error:
            if error.reason != "USER_CODE_UNKNOWN":
                raise
            return self._ask_for_device(
                browser,
                form["user_code"],
                "No device waits with this code. Codes last ten minutes.",
            )
        return self.follow(step, browser)

    async def log_out(self, request: Request) -> Response:
        asked = (await read_either(request)).once()
        browser = self._cookies.browser(request)
        done = await self._auth.LogOutBrowser(
            messages.LogOutBrowserRequest(
                id_token_hint=asked["id_token_hint"],
                client_id=asked["client_id"],
                post_logout_redirect_uri=asked["post_logout_redirect_uri"],
                state=asked["state"],
                browser=browser,
                confirmed=request.method == "POST" and is_form_mark(browser, LOGOUT, asked["mark"]),
            )
        )
        if done.needs_confirmation:
            kept = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
            response: Response = self._pages.show(
                "logout",
                return_origin=done.return_origin,
                action=LOGOUT,
                mark=form_mark(browser, LOGOUT),
                fields={name: asked[name] for name in kept if name in asked},
            )
            self._cookies.keep_browser(response, browser)
            return response
        response = _redirect(done.location) if done.location else self._pages.show("logged_out")
        self._cookies.forget_session(response)
        return response

    def follow(
        self, step: messages.AuthorizationStep, browser: messages.Browser, email: str = ""
    ) -> Response:
        response = self._response(step, email)
        self._cookies.keep_browser(response, browser)
        if step.session_secret:
            self._cookies.keep_session(
                response, step.session_secret, step.session_life.ToTimedelta()
            )
        return response

    def _response(self, step: messages.AuthorizationStep, email: str) -> Response:
        kind = step.WhichOneof("next")
        if kind == "location":
            return _redirect(step.location)
        if kind == "login":
            return self.login_page(step.login, email=email, tenant=step.login.tenant_slug)
        if kind == "consent":
            return self._consent_page(step.consent)
        return self._pages.show(
            "device_done", approved=step.device.approved, client_name=step.device.client_name
        )

    def login_page(
        self,
        page: messages.LoginPage,
        *,
        email: str,
        tenant: str,
        fault: str = "",
        asks_for_code: bool = False,
        status: int = 200,
    ) -> Response:
        return self._pages.show(
            "login",
            status=status,
            return_origin=page.return_origin,
            action=LOGIN,
            external=EXTERNAL,
            external_start=EXTERNAL_START,
            page=page,
            email=email,
            tenant=page.tenant_slug if page.tenant_is_fixed else tenant,
            fault=fault,
            asks_for_code=asks_for_code,
        )

    def _consent_page(self, page: messages.ConsentPage) -> Response:
        return self._pages.show(
            "consent",
            return_origin=page.return_origin,
            action=CONSENT,
            page=page,
            scopes=self._words.of(page.scopes),
        )

    async def _ask_again(
        self,
        form: Parameters,
        browser: messages.Browser,
        fault: str,
        *,
        asks_for_code: bool = False,
        status: int = 400,
    ) -> Response:
        step = await self._auth.InspectAuthorization(
            messages.InspectAuthorizationRequest(
                request_secret=request_secret(form), browser=browser
            )
        )
        if step.WhichOneof("next") != "login":
            return self.follow(step, browser)
        return self.login_page(
            step.login,
            email=form["email"][: _LONGEST["email"]],
            tenant=form["tenant"][: _LONGEST["tenant"]],
            fault=fault,
            asks_for_code=asks_for_code or "one_time_code" in form,
            status=status,
        )

    async def _ask_to_wait(
        self, form: Parameters, browser: messages.Browser, error: MeshError
    ) -> Response:
        seconds = max(1, round(error.retry_after.total_seconds())) if error.retry_after else 1
        plural = "" if seconds == 1 else "s"
        response = await self._ask_again(
            form,
            browser,
            f"Too many failed logins. Wait {seconds} second{plural} and try again.",
            status=429,
        )
        response.headers["retry-after"] = str(seconds)
        return response

    def _ask_for_device(
        self, browser: messages.Browser, user_code: str, fault: str = ""
    ) -> Response:
        response = self._pages.show(
            "device",
            status=400 if fault else 200,
            action=DEVICE,
            mark=form_mark(browser, DEVICE),
            user_code=user_code[:_LONGEST_CODE],
            fault=fault,
        )
        self._cookies.keep_browser(response, browser)
        return response

    def plainly(self, endpoint: Endpoint) -> Endpoint:
        """What cannot be told to a client is told to the user, on a page."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except OAuthFault as fault:
                return self._refused(fault.error, fault.description)
            except MeshError as error:
                return self._failed(error)

        return answer

    def _failed(self, error: MeshError) -> Response:
        if "error" in error.metadata:
            return self._refused(error.metadata["error"], error.message)
        if error.reason == "AUTHORIZATION_EXPIRED":
            return self._pages.refuse(
                "This page has expired",
                "It is too old, or was answered already. Go back to the application that you "
                "came from and log in again.",
            )
        if isinstance(error, Unavailable):
            return self._pages.refuse(
                "Helpdesk cannot be reached",
                "Please try again in a moment.",
                status=503,
            )
        return self._pages.refuse(
            "Something went wrong",
            "It is our fault, and our logs have the details. Please try again.",
            status=500,
        )

    def _refused(self, error: str, description: str) -> Response:
        return self._pages.refuse(
            "This link does not work",
            "The application that sent you here has made a mistake. You can close this page.",
            f"{error}: {description}",
        )


def request_secret(form: Parameters) -> str:
    secret = form["request"]
    if not secret or len(secret) > _LONGEST_SECRET:
        raise OAuthFault("invalid_request", "The form is not complete.")
    return secret


def _redirect(location: str) -> Response:
    # Starlette's own quoting would change an address that must arrive letter by letter.
    response = Response(status_code=_SEE_OTHER, headers={"cache-control": "no-store"})
    response.headers["location"] = location
    response.headers["referrer-policy"] = "no-referrer"
    return response


async def _style(_: Request) -> Response:
    return FileResponse(FOLDER / "style.css", headers={"x-content-type-options": "nosniff"})
