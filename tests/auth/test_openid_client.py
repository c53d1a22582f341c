"""What is fetched from a provider, and what of it is believed."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.auth.errors.identity_providers import ExternalTokenInvalid, IdentityProviderUnusable
from services.auth.federation_ports import AuthorizationAnswer, ClientRegistration, LoginSecrets
from services.auth.openid import HttpOpenIdClient
from services.auth.openid.client import FRESH_FOR, LEFT_ALONE_FOR, LOOK_AGAIN_AFTER
from services.auth.openid.kept import Kept
from services.auth.openid.metadata import metadata_from
from services.mesh.outbound import Outbound, OutboundRules
from tests.auth.fakes import FakeClock
from tests.auth.foreign_tokens import CLIENT_ID, NONCE, Issuer, a_key, half_hash
from tests.auth.stub_provider import StubProvider, stub_provider
from tests.support.web_server import reply

RULES = OutboundRules(allows_loopback=True)
SECRETS = LoginSecrets("the-state", NONCE, "the-verifier")
SECRET = "s3cr+t"
REDIRECT = "https://desk.example/oauth/external/p1/callback"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def stub(clock: FakeClock) -> AsyncIterator[StubProvider]:
    async with stub_provider(clock) as stub:
        yield stub


@pytest.fixture
def openid(clock: FakeClock) -> HttpOpenIdClient:
    return HttpOpenIdClient(Outbound(RULES, seconds=2), RULES, clock)


def registration(stub: StubProvider, secret: str = SECRET) -> ClientRegistration:
    return ClientRegistration(stub.issuer, CLIENT_ID, secret, ("openid", "email"))


def answer(stub: StubProvider, **changes: Any) -> AuthorizationAnswer:  # noqa: ANN401
    return replace(AuthorizationAnswer(NONCE, stub.issuer), **changes)


async def test_the_authorization_url_asks_for_what_ties_the_answer_to_the_login(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    url = await openid.authorization_url(registration(stub), SECRETS, REDIRECT)
    assert url.startswith(f"{stub.issuer}/authorize?")
    assert parse_qs(urlsplit(url).query) == {
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "redirect_uri": [REDIRECT],
        "scope": ["openid email"],
        "state": ["the-state"],
        "nonce": [NONCE],
        "code_challenge": ["sP6XQ2T7IHwj7eBkdcI9xyC8WxEik0RMQk0tVGDKZPI"],
        "code_challenge_method": ["S256"],
    }
    assert "the-verifier" not in url


async def test_a_code_is_redeemed_with_secret_verifier_and_redirect(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    user = await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    assert (user.issuer, user.subject, user.email) == (stub.issuer, "subject-1", "ada@acme.example")
    [request] = stub.calls("/token")
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": [NONCE],
        "redirect_uri": [REDIRECT],
        "code_verifier": ["the-verifier"],
    }
    assert request.headers["authorization"] == "Basic aGVscGRlc2stY2xpZW50OnMzY3IlMkJ0"


@pytest.mark.parametrize("secret", ["s3cr+t", ""])
async def test_a_secret_goes_where_the_provider_wants_it(
    stub: StubProvider, openid: HttpOpenIdClient, secret: str
) -> None:
    stub.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post", "none"]}
    await openid.redeem(registration(stub, secret), answer(stub), SECRETS, REDIRECT)
    [request] = stub.calls("/token")
    form = parse_qs(request.body.decode())
    assert form["client_id"] == [CLIENT_ID]
    assert form.get("client_secret", [""]) == [secret]
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"issuer": "https://evil.example"}, "iss parameter"),
        ({"issuer": None}, "iss parameter missing"),
    ],
)
async def test_an_answer_of_another_provider_is_not_redeemed(
    stub: StubProvider, openid: HttpOpenIdClient, changes: dict[str, object], rule: str
) -> None:
    with pytest.raises(ExternalTokenInvalid) as caught:
        await openid.redeem(registration(stub), answer(stub, **changes), SECRETS, REDIRECT)
    assert caught.value.rule == rule
    # The point of RFC 9207: the code never reaches the wrong token endpoint.
    assert stub.calls("/token") == []


async def test_a_provider_that_does_not_promise_to_name_itself_need_not(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    """The control of the test above."""
    stub.discovery = {"authorization_response_iss_parameter_supported": False}
    assert await openid.redeem(registration(stub), answer(stub, issuer=None), SECRETS, REDIRECT)


async def test_the_nonce_must_be_the_logins_own(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    stub.claims = {"nonce": "of-another-login"}
    with pytest.raises(ExternalTokenInvalid) as caught:
        await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    assert caught.value.rule == "nonce"


async def test_at_hash_is_held_against_the_access_token(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    stub.claims = {"at_hash": half_hash("the-access-token")}
    assert await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    stub.tokens = {"access_token": "slipped-in"}
    with pytest.raises(ExternalTokenInvalid) as caught:
        await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    assert caught.value.rule == "at_hash"


async def test_claims_that_are_only_in_userinfo_are_fetched_there(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    stub.claims = {"email": None, "email_verified": None}
    stub.userinfo = {
        "sub": "subject-1",
        "email": "a@acme.example",
        "email_verified": True,
        "iss": "x",
    }
    user = await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    assert (user.email, user.claims["iss"]) == ("a@acme.example", stub.issuer)
    assert stub.calls("/me")[0].headers["authorization"] == "Bearer the-access-token"
    stub.userinfo["sub"] = "subject-2"
    with pytest.raises(ExternalTokenInvalid) as caught:
        await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    assert caught.value.rule == "userinfo of somebody else"


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"{}", "no id_token"),
        (b'{"id_token": 1}', "no id_token"),
        (b"<html>", "the answer is not JSON"),
    ],
)
async def test_a_token_endpoint_that_answers_nonsense_lets_nobody_in(
    stub: StubProvider, openid: HttpOpenIdClient, body: bytes, rule: str
) -> None:
    stub.answers["/token"] = lambda: reply(body)
    with pytest.raises(ExternalTokenInvalid) as caught:
        await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    assert caught.value.rule == rule


async def test_a_code_that_the_provider_refuses_is_refused(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    stub.answers["/token"] = lambda: reply(b'{"error": "invalid_grant"}', "400 Bad Request")
    with pytest.raises(ExternalTokenInvalid):
        await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)
    stub.answers["/token"] = lambda: reply(b"", "503 Service Unavailable")
    with pytest.raises(IdentityProviderUnusable, match="503"):
        await openid.redeem(registration(stub), answer(stub), SECRETS, REDIRECT)


DISCOVERY = "/.well-known/openid-configuration"
BAD_DISCOVERY = {
    "redirect": (lambda: reply(b"", "302 Found", location="http://127.0.0.1:1/"), "redirect"),
    "missing": (lambda: reply(b"", "404 Not Found"), "answers with status 404"),
    "html": (lambda: reply(b"<html></html>"), "is not JSON"),
    "list": (lambda: reply(b"[]"), "is not a JSON object"),
    "huge": (lambda: reply(b" " * 65_537), "more than 65536 bytes"),
    "deep": (lambda: reply(b"[" * 60_000), "is not JSON"),
    "twice": (lambda: reply(b'{"issuer": "a", "issuer": "b"}'), "is not JSON"),
    "compressed": (lambda: reply(b"x", content_encoding="br"), "compressed"),
}


@pytest.mark.parametrize("name", BAD_DISCOVERY)
async def test_a_bad_configuration_is_refused_in_plain_words(
    stub: StubProvider, openid: HttpOpenIdClient, name: str
) -> None:
    stub.answers[DISCOVERY], words = BAD_DISCOVERY[name]
    with pytest.raises(IdentityProviderUnusable) as caught:
        await openid.authorization_url(registration(stub), SECRETS, REDIRECT)
    assert words in caught.value.problem
    diagnosis = await openid.diagnose(stub.issuer)
    assert diagnosis.problems == (caught.value.problem,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "https://evil.example"}, "names another issuer"),
        ({"issuer": None}, "names another issuer"),
        ({"token_endpoint": None}, "lacks token_endpoint"),
        ({"jwks_uri": 1}, "lacks jwks_uri"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "its authorization_endpoint"),
        ({"authorization_endpoint": "http://evil.example/"}, "its authorization_endpoint"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "no algorithm"),
        ({"jwks_uri": "https://10.0.0.1/keys"}, "its key set: 10.0.0.1 port 443 is not a public"),
        ({"jwks_uri": "file:///etc/passwd"}, "its key set"),
    ],
)
async def test_a_configuration_that_leads_astray_is_refused(
    stub: StubProvider, openid: HttpOpenIdClient, change: dict[str, object], words: str
) -> None:
    stub.discovery = change
    assert words in (await openid.diagnose(stub.issuer)).problems[0]


async def test_an_honest_provider_has_no_problems(
    stub: StubProvider, openid: HttpOpenIdClient
) -> None:
    """The control of both tests above."""
    diagnosis = await openid.diagnose(stub.issuer)
    assert diagnosis.problems == ()
    assert diagnosis.authorization_endpoint == f"{stub.issuer}/authorize"
    assert diagnosis.key_algorithms == ("RS256",)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"keys": []}', "no key that could be used"),
        (b"{}", "no list of keys"),
        (json.dumps({"keys": [{"kty": "RSA"}] * 101}).encode(), "far too many"),
        (b'{"keys": [' + b" " * 262_144 + b"]}", "more than 262144 bytes"),
    ],
    ids=["empty", "none", "many", "huge"],
)
async def test_a_bad_key_set_is_refused_in_plain_words(
    stub: StubProvider, openid: HttpOpenIdClient, body: bytes, words: str
) -> None:
    stub.answers["/jwks"] = lambda: reply(body)
    assert words in (await openid.diagnose(stub.issuer)).problems[0]


async def test_what_was_fetched_is_kept_for_a_while(
    stub: StubProvider, openid: HttpOpenIdClient, clock: FakeClock
) -> None:
    for _ in range(3):
        await openid.verify(registration(stub), stub.id_token())
    assert (len(stub.calls(DISCOVERY)), len(stub.calls("/jwks"))) == (1, 1)
    clock.advance(FRESH_FOR)
    await openid.verify(registration(stub), stub.id_token())
    assert (len(stub.calls(DISCOVERY)), len(stub.calls("/jwks"))) == (2, 2)


async def test_a_new_key_is_looked_for_at_once_but_not_for_each_token(
    stub: StubProvider, openid: HttpOpenIdClient, clock: FakeClock
) -> None:
    await openid.verify(registration(stub), stub.id_token())
    clock.advance(LOOK_AGAIN_AFTER)
    newer = a_key("RS256", "k2")
    stub.issuer_keys = Issuer([a_key(), newer])
    assert await openid.verify(registration(stub), stub.id_token(newer))
    for number in range(20):
        unknown = replace(a_key(), key_id=f"made-up-{number}")
        with pytest.raises(ExternalTokenInvalid):
            await openid.verify(registration(stub), stub.id_token(unknown))
    assert len(stub.calls("/jwks")) == 2


async def test_a_provider_that_is_down_is_left_alone_for_a_moment(
    stub: StubProvider, openid: HttpOpenIdClient, clock: FakeClock
) -> None:
    stub.answers[DISCOVERY] = lambda: reply(b"", "503 Service Unavailable")
    for _ in range(20):
        with pytest.raises(IdentityProviderUnusable, match="503"):
            await openid.verify(registration(stub), stub.id_token())
    assert len(stub.calls(DISCOVERY)) == 1
    del stub.answers[DISCOVERY]
    clock.advance(LEFT_ALONE_FOR)
    assert await openid.verify(registration(stub), stub.id_token())


async def test_a_key_that_is_withdrawn_is_believed_no_longer_than_the_set_is_kept(
    stub: StubProvider, openid: HttpOpenIdClient, clock: FakeClock
) -> None:
    await openid.verify(registration(stub), stub.id_token())
    old_key = stub.issuer_keys.keys[0]
    stub.issuer_keys = Issuer([a_key("RS256", "k2")])
    clock.advance(FRESH_FOR)
    with pytest.raises(ExternalTokenInvalid):
        await openid.verify(registration(stub), stub.id_token(old_key))


@pytest.mark.parametrize(
    "issuer",
    [
        "http://idp.example",
        "https://u@idp.example",
        "https://idp.example/?a=b",
        "javascript:x",
        "x",
    ],
)
async def test_what_can_never_be_an_issuer_is_told_at_once(
    openid: HttpOpenIdClient, issuer: str
) -> None:
    with pytest.raises(IdentityProviderUnusable):
        await openid.check_issuer(issuer)


async def test_an_issuer_may_have_a_path(openid: HttpOpenIdClient) -> None:
    await openid.check_issuer("https://idp.example/realms/acme")


def test_the_cache_forgets_the_longest_unused_first() -> None:
    kept: Kept[int] = Kept(FakeClock(), most=2)
    for number in (1, 2):
        kept.keep(str(number), number)
    kept.get("1", timedelta(minutes=1))
    kept.keep("3", 3)
    assert len(kept) == 2
    assert [kept.get(name, timedelta(minutes=1)) for name in ("1", "2", "3")] == [1, None, 3]


def test_a_provider_that_says_nothing_of_algorithms_means_rs256() -> None:
    document = dict.fromkeys(
        ("authorization_endpoint", "token_endpoint", "jwks_uri"), "https://i/x"
    )
    content = json.dumps({"issuer": "https://i", **document}).encode()
    assert metadata_from(content, "https://i").secret_in_header
