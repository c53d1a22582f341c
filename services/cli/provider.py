"""The helpdesk's OpenID provider as this command asks it: as a client without a secret."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from google.rpc import code_pb2, status_pb2

from services.cli.failures import CommandError
from services.cli.gateway import Address
from services.cli.refusals import from_status

CLIENT_ID = "helpdesk-cli"
SCOPE = "openid profile email offline_access helpdesk"

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_TIMEOUT_SECONDS = 15.0


class ProviderRefusal(Exception):
    """`error` is one of OAuth's words, such as `slow_down`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description or error)
        self.error = error


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str
    expires_at: float


@dataclass(frozen=True)
class DeviceLogin:
    """What the user has to type where, and how long to wait for it."""

    device_code: str
    user_code: str
    page: str
    page_with_code: str
    expires_in: float
    interval: float


@dataclass(frozen=True)
class WhoLoggedIn:
    tenant: str
    email: str


class Provider:
    def __init__(self, address: Address, clock: Callable[[], float] = time.time) -> None:
        self._address = address
        self._clock = clock
        # Tokens go straight to the helpdesk, whatever proxies the environment names.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if address.is_secure:
            handlers.append(urllib.request.HTTPSHandler(context=_trust(address)))
        self._opener = urllib.request.build_opener(*handlers)

    def start_device(self) -> DeviceLogin:
        answer = self._post("/oauth/device_authorization", client_id=CLIENT_ID, scope=SCOPE)
        return DeviceLogin(
            str(answer["device_code"]),
            str(answer["user_code"]),
            str(answer["verification_uri"]),
            str(answer["verification_uri_complete"]),
            _number(answer["expires_in"]),
            _number(answer.get("interval", 5)),
        )

    def ask_for_device(self, device_code: str) -> Tokens:
        return self._tokens(grant_type=_DEVICE_GRANT, device_code=device_code)

    def refresh(self, refresh_token: str) -> Tokens:
        return self._tokens(grant_type="refresh_token", refresh_token=refresh_token)

    def revoke(self, refresh_token: str) -> None:
        self._post("/oauth/revoke", client_id=CLIENT_ID, token=refresh_token)

    def who(self, access_token: str) -> WhoLoggedIn:
        claims = self._send("/oauth/userinfo", None, {"authorization": f"Bearer {access_token}"})
        return WhoLoggedIn(str(claims["tenant"]), str(claims["email"]))

    def _tokens(self, **form: str) -> Tokens:
        answer = self._post("/oauth/token", client_id=CLIENT_ID, **form)
        return Tokens(
            str(answer["access_token"]),
            str(answer["refresh_token"]),
            self._clock() + _number(answer["expires_in"]),
        )

    def _post(self, path: str, **form: str) -> Mapping[str, object]:
        return self._send(path, urlencode(form).encode(), {})

    def _send(
        self, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Mapping[str, object]:
        url = self._address.url.rstrip("/") + path
        # The address is the user's own, and has been found to be http or https.
        request = urllib.request.Request(url, body, dict(headers))  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return _read(answer.read())
        except urllib.error.HTTPError as refusal:
            answer = _read(refusal.read())
            if "error" not in answer or refusal.code >= 500:  # noqa: PLR2004 - its own fault
                raise self._away() from refusal
            raise ProviderRefusal(
                str(answer["error"]), str(answer.get("error_description", ""))
            ) from refusal
        except (OSError, ValueError) as error:
            raise self._away() from error

    def _away(self) -> CommandError:
        return from_status(status_pb2.Status(code=code_pb2.UNAVAILABLE), self._address.url)


def _trust(address: Address) -> ssl.SSLContext:
    authority = address.certificate_authority
    known = authority is not None and authority.exists()
    return ssl.create_default_context(cafile=str(authority) if known else None)


def _read(content: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(content) if content else {}
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
