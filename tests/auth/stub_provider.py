"""An OpenID provider of our own that misbehaves as a test says; otherwise it is honest."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from tests.auth.foreign_tokens import CLIENT_ID, ForeignKey, Issuer, a_key, good_claims, signed
from tests.support.web_server import Request, WebServer, reply, web_server

ACCESS_TOKEN = "the-access-token"


@dataclass
class StubProvider:
    """Each answer can be replaced: `answers["/jwks"] = lambda: reply(b"…")`."""

    clock: Callable[[], datetime]
    server: WebServer
    issuer_keys: Issuer = field(default_factory=lambda: Issuer([a_key()]))
    discovery: dict[str, object] = field(default_factory=dict)
    claims: dict[str, object] = field(default_factory=dict)
    userinfo: dict[str, object] = field(default_factory=dict)
    tokens: dict[str, object] = field(default_factory=dict)
    answers: dict[str, Callable[[], bytes]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return self.server.url

    def calls(self, path: str) -> list[Request]:
        return [request for request in self.server.requests if request.path == path]

    def id_token(self, key: ForeignKey | None = None, **changes: object) -> str:
        claims = {"iss": self.issuer, "nonce": None, **self.claims, **changes}
        return signed(good_claims(self.clock(), **claims), key or self.issuer_keys.keys[0])

    def document(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/me",
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
            **self.discovery,
        }

    async def respond(self, request: Request) -> bytes:
        path = request.path
        if path in self.answers:
            return self.answers[path]()
        if path == "/.well-known/openid-configuration":
            return _json(self.document())
        if path == "/jwks":
            return reply(self.issuer_keys.key_set)
        if path == "/me":
            return _json(self.userinfo)
        if path == "/token":
            # The code says which nonce its login was asked for with; nothing else is kept here.
            nonce = dict(parse_qsl(request.body.decode()))["code"]
            return _json(
                {
                    "access_token": ACCESS_TOKEN,
                    "token_type": "Bearer",
                    "id_token": self.id_token(nonce=self.claims.get("nonce", nonce)),
                    **self.tokens,
                }
            )
        return reply(b"", "404 Not Found")


@asynccontextmanager
async def stub_provider(clock: Callable[[], datetime]) -> AsyncIterator[StubProvider]:
    async def nothing(request: Request) -> bytes:
        return reply(b"", "404 Not Found")

    async with web_server(nothing) as server:
        stub = StubProvider(clock, server)
        server.respond = stub.respond
        yield stub


def _json(document: object) -> bytes:
    return reply(json.dumps(document).encode(), content_type="application/json")


__all__ = ["ACCESS_TOKEN", "CLIENT_ID", "StubProvider", "stub_provider"]
