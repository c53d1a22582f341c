"""Reads what browsers and clients send: each parameter once, none too long, nothing unreadable."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from helpdesk.auth.v1 import authorization_service_pb2 as messages

_FORM = "application/x-www-form-urlencoded"
_MAX_BODY_BYTES = 64 * 1024
_MAX_PARAMETERS = 64
_MAX_LENGTH = 2048
_TOKENS = {"id_token_hint": 8192, "token": 8192}


class OAuthFault(Exception):
    """A request that need not be shown to auth to be refused."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Parameters:
    """What came with a value; `repeated` are the names that came with several."""

    values: Mapping[str, str]
    repeated: tuple[str, ...]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def once(self) -> "Parameters":
        """Raises OAuthFault when a parameter stands there twice."""
        if self.repeated:
            raise OAuthFault("invalid_request", "A parameter stands there twice.")
        return self


def read_query(request: Request) -> Parameters:
    return _parse(request.url.query)


async def read_form(request: Request) -> Parameters:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise OAuthFault("invalid_request", f"The content-type must be {_FORM}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise OAuthFault("invalid_request", "The request is too large.")
    try:
        return _parse(body.decode())
    except UnicodeDecodeError as error:
        raise _unreadable() from error


async def read_either(request: Request) -> Parameters:
    return read_query(request) if request.method in ("GET", "HEAD") else await read_form(request)


async def read_client_form(request: Request) -> tuple[Parameters, messages.ClientCredentials]:
    """The form of an endpoint where clients prove themselves, and with what they do."""
    if request.url.query:
        # A query ends up in logs, and these parameters are secrets (RFC 6749, section 2.3.1).
        raise OAuthFault("invalid_request", "The parameters belong in the body.")
    form = (await read_form(request)).once()
    header = request.headers.getlist("authorization")
    if not header:
        return form, messages.ClientCredentials(
            client_id=form["client_id"], client_secret=form["client_secret"]
        )
    if len(header) > 1 or "client_secret" in form:
        raise OAuthFault("invalid_request", "The client must prove itself in one way only.")
    client = _basic(header[0])
    if form["client_id"] not in ("", client.client_id):
        raise OAuthFault("invalid_request", "The client_id differs from the one in the header.")
    return form, client


def _basic(header: str) -> messages.ClientCredentials:
    """RFC 6749, section 2.3.1: both parts are encoded as in a form before they are joined."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(scheme)
        name, separator, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise OAuthFault("invalid_client", "The client could not be authenticated.") from error
    if not separator or max(len(name), len(secret)) > _MAX_LENGTH:
        raise OAuthFault("invalid_client", "The client could not be authenticated.")
    return messages.ClientCredentials(
        client_id=unquote_plus(name), client_secret=unquote_plus(secret)
    )


def _parse(text: str) -> Parameters:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError as error:
        raise _unreadable() from error
    values: dict[str, str] = {}
    repeated: dict[str, None] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            repeated[name] = None
        seen.add(name)
        if len(value.encode()) > _TOKENS.get(name, _MAX_LENGTH) or "\0" in value:
            raise OAuthFault("invalid_request", "A parameter is too long, or is no text.")
        # RFC 6749, section 3.1: without a value a parameter counts as left out.
        if value:
            values.setdefault(name, value)
    return Parameters(values, tuple(repeated))


def _unreadable() -> OAuthFault:
    return OAuthFault("invalid_request", "The parameters cannot be read.")
