"""Where links lead that admins make: choosing a first password, or a new one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from helpdesk.auth.v1 import account_service_pb2 as messages
from helpdesk.auth.v1 import account_service_pb2_grpc as services
from services.gateway.bridge.provider.browser_pages import Endpoint
from services.gateway.bridge.provider.pages import Pages
from services.gateway.bridge.provider.parameters import read_form, read_query
from services.mesh.errors import MeshError

INVITATION = "/account/invitation"
PASSWORD_RESET = "/account/password-reset"  # noqa: S105 - a path

_SHORTEST, _LONGEST = 8, 256
_OVER = "It is too old, or was used already. Ask your administrator for a new one."


@dataclass(frozen=True)
class _Page:
    path: str
    title: str
    lead: str


@dataclass(frozen=True)
class _Account:
    tenant_slug: str
    email: str


_INVITED = _Page(INVITATION, "Welcome", "Choose the password that you will log in with.")
_RESET = _Page(PASSWORD_RESET, "New password", "All your logins end when you have chosen one.")

Redeem = Callable[[str, str], Awaitable[_Account]]


class AccountPages:
    def __init__(
        self,
        auth: "services.AccountServiceAsyncStub",
        pages: Pages,
        plainly: Callable[[Endpoint], Endpoint],
    ) -> None:
        self._auth = auth
        self._pages = pages
        self._plainly = plainly

    def routes(self) -> list[Route]:
        return [
            self._route(_INVITED, self._accept_invitation),
            self._route(_RESET, self._reset_password),
        ]

    def _route(self, page: _Page, redeem: Redeem) -> Route:
        async def answer(request: Request) -> Response:
            if request.method != "POST":
                return self._ask(page, read_query(request).once()["code"])
            form = (await read_form(request)).once()
            return await self._choose(page, redeem, form["code"], form["password"])

        return Route(page.path, self._plainly(answer), methods=["GET", "POST"])

    async def _choose(self, page: _Page, redeem: Redeem, code: str, password: str) -> Response:
        if not code or len(code) > _LONGEST:
            return self._over()
        if not _SHORTEST <= len(password) <= _LONGEST:
            return self._ask(page, code, f"has fewer than {_SHORTEST} characters, or too many")
        try:
            account = await redeem(code, password)
        except MeshError as error:
            if error.reason == "ACCOUNT_CODE_INVALID":
                return self._over()
            if error.reason == "PASSWORD_REFUSED" and error.violations:
                return self._ask(page, code, error.violations[0].description)
            raise
        return self._pages.show("password_chosen", account=account)

    def _ask(self, page: _Page, code: str, fault: str = "") -> Response:
        if not code:
            return self._over()
        status = 400 if fault else 200
        return self._pages.show("choose_password", status=status, page=page, code=code, fault=fault)

    def _over(self) -> Response:
        return self._pages.refuse("This link has expired", _OVER)

    async def _accept_invitation(self, code: str, password: str) -> _Account:
        request = messages.AcceptInvitationRequest(code=code, password=password)
        accepted = await self._auth.AcceptInvitation(request)
        return _Account(accepted.tenant_slug, accepted.email)

    async def _reset_password(self, code: str, password: str) -> _Account:
        request = messages.ResetPasswordRequest(code=code, password=password)
        reset = await self._auth.ResetPassword(request)
        return _Account(reset.tenant_slug, reset.email)
