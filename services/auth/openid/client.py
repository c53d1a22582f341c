"""Speaks with OpenID providers over HTTP, and remembers for a while what they publish."""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

from services.auth.errors.identity_providers import ExternalTokenInvalid, IdentityProviderUnusable
from services.auth.federation import ExternalUser
from services.auth.federation_ports import (
    AuthorizationAnswer,
    ClientRegistration,
    Diagnosis,
    LoginSecrets,
)
from services.auth.openid import id_token, key_set, metadata
from services.auth.openid.id_token import Expected, claimed_issuer
from services.auth.openid.kept import Kept
from services.auth.openid.key_set import KeySet, KeySetRefused, key_set_from
from services.auth.openid.metadata import MetadataRefused, ProviderMetadata, metadata_from
from services.auth.openid.strict_json import JsonRefused, json_object
from services.mesh.clock import Clock
from services.mesh.outbound import Outbound, OutboundRefused, OutboundRules, checked_url

Found = TypeVar("Found")

FRESH_FOR = timedelta(minutes=10)
# A key that is not known makes us look at once, but not as often as somebody may send one.
LOOK_AGAIN_AFTER = timedelta(seconds=10)
# A provider that is down is not asked again by everybody who knocks meanwhile.
LEFT_ALONE_FOR = timedelta(seconds=5)
LONGEST_ANSWER = 64 * 1024

_OK = 200
_BAD_REQUESTS = range(400, 500)


class HttpOpenIdClient:
    def __init__(self, outbound: Outbound, rules: OutboundRules, clock: Clock) -> None:
        self._outbound = outbound
        self._rules = rules
        self._clock = clock
        self._metadata: Kept[ProviderMetadata] = Kept(clock)
        self._keys: Kept[KeySet] = Kept(clock)
        self._failures: Kept[IdentityProviderUnusable] = Kept(clock)

    async def check_issuer(self, issuer: str) -> None:
        try:
            parts = checked_url(issuer, self._rules)
        except OutboundRefused as error:
            raise IdentityProviderUnusable(error.problem) from error
        if parts.query:
            raise IdentityProviderUnusable("the address must not have a query")

    async def authorization_url(
        self, client: ClientRegistration, secrets: LoginSecrets, redirect_uri: str
    ) -> str:
        provider = await self._described(client.issuer)
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *client.scopes))),
            "state": secrets.state,
            "nonce": secrets.nonce,
            "code_challenge": _challenge(secrets.code_verifier),
            "code_challenge_method": "S256",
        }
        endpoint = provider.authorization_endpoint
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def redeem(
        self,
        client: ClientRegistration,
        answer: AuthorizationAnswer,
        secrets: LoginSecrets,
        redirect_uri: str,
    ) -> ExternalUser:
        provider = await self._described(client.issuer)
        # RFC 9207: an answer of one provider must never be redeemed at another.
        if answer.issuer is None and provider.sends_issuer:
            raise ExternalTokenInvalid("iss parameter missing")
        if answer.issuer is not None and answer.issuer != client.issuer:
            raise ExternalTokenInvalid("iss parameter")
        tokens = await self._exchange_code(provider, client, answer, secrets, redirect_uri)
        access_token = tokens.get("access_token")
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise ExternalTokenInvalid("no id_token")
        expected = Expected(
            client.issuer,
            client.client_id,
            secrets.nonce,
            access_token if isinstance(access_token, str) else None,
        )
        claims = await self._claims(provider, text, expected)
        if "email" not in claims and provider.userinfo_endpoint and expected.access_token:
            claims = await self._with_userinfo(provider, claims, expected.access_token)
        return _user(client.issuer, claims)

    def claimed_issuer(self, id_token: str) -> str:
        return claimed_issuer(id_token)

    async def verify(self, client: ClientRegistration, id_token: str) -> ExternalUser:
        provider = await self._described(client.issuer)
        expected = Expected(client.issuer, client.client_id)
        return _user(client.issuer, await self._claims(provider, id_token, expected))

    async def diagnose(self, issuer: str) -> Diagnosis:
        try:
            provider = await self._fetch_metadata(issuer)
            keys = await self._fetch_keys(provider)
        except IdentityProviderUnusable as error:
            return Diagnosis((error.problem,))
        algorithms = keys.algorithms
        problems = () if algorithms else ("its key set holds no key that could be used",)
        return Diagnosis(problems, provider.authorization_endpoint, algorithms)

    async def _claims(
        self, provider: ProviderMetadata, text: str, expected: Expected
    ) -> Mapping[str, object]:
        header = id_token.header_of(text)
        keys = self._keys.get(provider.issuer, FRESH_FOR) or await self._keys_of(provider)
        if not keys.fitting(header.algorithm, header.key_id):
            recent = self._keys.get(provider.issuer, LOOK_AGAIN_AFTER)
            keys = recent or await self._keys_of(provider)
        return id_token.check(text, keys, expected, self._clock())

    async def _described(self, issuer: str) -> ProviderMetadata:
        known = self._metadata.get(issuer, FRESH_FOR)
        if known is not None:
            return known
        return await self._unless_down(issuer, lambda: self._fetch_metadata(issuer))

    async def _keys_of(self, provider: ProviderMetadata) -> KeySet:
        return await self._unless_down(provider.issuer, lambda: self._fetch_keys(provider))

    async def _unless_down(self, issuer: str, fetch: Callable[[], Awaitable[Found]]) -> Found:
        failure = self._failures.get(issuer, LEFT_ALONE_FOR)
        if failure is not None:
            raise IdentityProviderUnusable(failure.problem)
        try:
            return await fetch()
        except IdentityProviderUnusable as error:
            self._failures.keep(issuer, error)
            raise

    async def _fetch_metadata(self, issuer: str) -> ProviderMetadata:
        await self.check_issuer(issuer)
        content = await self._get(
            issuer.rstrip("/") + metadata.PATH, metadata.LONGEST, "its configuration"
        )
        try:
            found = metadata_from(content, issuer)
            # Browsers are sent there, so it must not be `javascript:` or somebody's plain http.
            checked_url(found.authorization_endpoint, self._rules)
        except MetadataRefused as error:
            raise IdentityProviderUnusable(str(error)) from error
        except OutboundRefused as error:
            raise IdentityProviderUnusable(f"its authorization_endpoint: {error}") from error
        return self._metadata.keep(issuer, found)

    async def _fetch_keys(self, provider: ProviderMetadata) -> KeySet:
        content = await self._get(provider.jwks_uri, key_set.LONGEST, "its key set")
        try:
            return self._keys.keep(provider.issuer, key_set_from(content))
        except KeySetRefused as error:
            raise IdentityProviderUnusable(str(error)) from error

    async def _get(
        self, url: str, limit: int, what: str, headers: Mapping[str, str] | None = None
    ) -> bytes:
        try:
            answer = await self._outbound.get(url, limit, headers)
        except OutboundRefused as error:
            raise IdentityProviderUnusable(f"{what}: {error.problem}") from error
        if answer.status != _OK:
            raise IdentityProviderUnusable(f"{what}: answers with status {answer.status}")
        return answer.body

    async def _exchange_code(
        self,
        provider: ProviderMetadata,
        client: ClientRegistration,
        answer: AuthorizationAnswer,
        secrets: LoginSecrets,
        redirect_uri: str,
    ) -> Mapping[str, object]:
        form = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": redirect_uri,
            "code_verifier": secrets.code_verifier,
        }
        headers = {}
        if client.client_secret and provider.secret_in_header:
            headers["authorization"] = _basic(client)
        else:
            form["client_id"] = client.client_id
            form |= {"client_secret": client.client_secret} if client.client_secret else {}
        try:
            reply = await self._outbound.post(
                provider.token_endpoint, form, LONGEST_ANSWER, headers
            )
        except OutboundRefused as error:
            raise IdentityProviderUnusable(f"its token endpoint: {error.problem}") from error
        if reply.status in _BAD_REQUESTS:
            raise ExternalTokenInvalid(f"code refused with status {reply.status}")
        if reply.status != _OK:
            raise IdentityProviderUnusable(
                f"its token endpoint: answers with status {reply.status}"
            )
        return _object(reply.body)

    async def _with_userinfo(
        self, provider: ProviderMetadata, claims: Mapping[str, object], access_token: str
    ) -> Mapping[str, object]:
        content = await self._get(
            provider.userinfo_endpoint,
            LONGEST_ANSWER,
            "its userinfo endpoint",
            {"authorization": f"Bearer {access_token}"},
        )
        more = _object(content)
        # Core, section 5.3.2: without this somebody else's access token could be slipped in.
        if more.get("sub") != claims.get("sub"):
            raise ExternalTokenInvalid("userinfo of somebody else")
        return {**more, **claims}


def _object(content: bytes) -> dict[str, object]:
    try:
        return json_object(content)
    except JsonRefused as error:
        raise ExternalTokenInvalid(f"the answer {error}") from error


def _user(issuer: str, claims: Mapping[str, object]) -> ExternalUser:
    return ExternalUser(issuer, str(claims["sub"]), claims)


def _challenge(code_verifier: str) -> str:
    digest = hashlib.sha256(code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _basic(client: ClientRegistration) -> str:
    # RFC 6749, section 2.3.1: both halves are form-encoded before they are joined.
    pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
