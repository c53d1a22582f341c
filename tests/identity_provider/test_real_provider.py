"""A provider that nobody here wrote, as a process of its own, from discovery to a user."""

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from services.auth.errors.identity_providers import ExternalTokenInvalid
from services.auth.federation_ports import AuthorizationAnswer, ClientRegistration, LoginSecrets
from services.auth.openid import HttpOpenIdClient
from services.mesh.clock import utc_now
from services.mesh.outbound import Outbound, OutboundRules
from tests.identity_provider.process import (
    CLIENT_ID,
    CLIENT_SECRET,
    FOLDER,
    ExternalProvider,
    external_provider,
    log_in_there,
)

REDIRECT = "http://127.0.0.1:9/oauth/external/p1/callback"
RULES = OutboundRules(allows_loopback=True)
VERIFIER = "v" * 43


@pytest.fixture(scope="module", params=[False, True], ids=["id_token", "userinfo"])
def provider(request: pytest.FixtureRequest) -> Iterator[ExternalProvider]:
    with external_provider(claims_in_userinfo=request.param) as provider:
        provider.allow_redirects_to(REDIRECT)
        yield provider


@pytest.fixture
def openid() -> HttpOpenIdClient:
    return HttpOpenIdClient(Outbound(RULES), RULES, utc_now)


@pytest.fixture
def client(provider: ExternalProvider) -> ClientRegistration:
    scopes = ("openid", "email", "profile", "groups")
    return ClientRegistration(provider.issuer, CLIENT_ID, CLIENT_SECRET, scopes)


async def come_back(
    openid: HttpOpenIdClient, client: ClientRegistration, secrets: LoginSecrets
) -> AuthorizationAnswer:
    url = await openid.authorization_url(client, secrets, REDIRECT)
    back = log_in_there(url, "ada")
    query = parse_qs(urlsplit(back).query)
    assert back.startswith(REDIRECT)
    assert query["state"] == [secrets.state]
    return AuthorizationAnswer(query["code"][0], query["iss"][0])


async def test_its_configuration_has_no_problems(
    openid: HttpOpenIdClient, provider: ExternalProvider
) -> None:
    diagnosis = await openid.diagnose(provider.issuer)
    assert (diagnosis.problems, diagnosis.key_algorithms) == ((), ("RS256",))


async def test_a_user_comes_back_with_claims(
    openid: HttpOpenIdClient, client: ClientRegistration, provider: ExternalProvider
) -> None:
    provider.put_into_groups(ada=["support", "it"])
    secrets = LoginSecrets("the-state", "the-nonce", VERIFIER)
    answer = await come_back(openid, client, secrets)
    user = await openid.redeem(client, answer, secrets, REDIRECT)
    assert (user.issuer, user.subject, user.email) == (client.issuer, "ada", "ada@acme.example")
    assert user.claims["groups"] == ["support", "it"]


async def test_a_code_without_its_verifier_nonce_or_redirect_is_worth_nothing(
    openid: HttpOpenIdClient, client: ClientRegistration
) -> None:
    secrets = LoginSecrets("the-state", "the-nonce", VERIFIER)
    for wrong in ({"code_verifier": "w" * 43}, {"nonce": "another"}):
        answer = await come_back(openid, client, secrets)
        with pytest.raises(ExternalTokenInvalid):
            await openid.redeem(client, answer, replace(secrets, **wrong), REDIRECT)
    answer = await come_back(openid, client, secrets)
    with pytest.raises(ExternalTokenInvalid):
        await openid.redeem(client, answer, secrets, REDIRECT.replace("p1", "p2"))


async def test_a_code_is_good_once(openid: HttpOpenIdClient, client: ClientRegistration) -> None:
    secrets = LoginSecrets("the-state", "the-nonce", VERIFIER)
    answer = await come_back(openid, client, secrets)
    await openid.redeem(client, answer, secrets, REDIRECT)
    with pytest.raises(ExternalTokenInvalid):
        await openid.redeem(client, answer, secrets, REDIRECT)


async def test_a_wrong_client_secret_gets_nobody_in(
    openid: HttpOpenIdClient, client: ClientRegistration
) -> None:
    secrets = LoginSecrets("the-state", "the-nonce", VERIFIER)
    answer = await come_back(openid, client, secrets)
    with pytest.raises(ExternalTokenInvalid):
        await openid.redeem(replace(client, client_secret="wrong"), answer, secrets, REDIRECT)


def test_the_lock_names_no_place_to_fetch_from() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 10
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
