"""What programs ask, and each refusal as the RFCs spell it."""

import base64
import json

import httpx2
import jwt
import pytest

from helpdesk.auth.v1 import token_service_pb2
from services.auth.authorization import half_hash
from services.mesh.authority import public_key
from tests.gateway.bridge.browsing import GOOD, ISSUER, Desk, exchanging

REFRESH = {"grant_type": "refresh_token", "client_id": "helpdesk-web"}


def error_of(answer: httpx2.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["error"])


async def test_the_provider_describes_itself(browser: httpx2.AsyncClient) -> None:
    found = (await browser.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == ISSUER
    assert found["authorization_endpoint"] == f"{ISSUER}/oauth/authorize"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["id_token_signing_alg_values_supported"] == ["ES256"]


async def test_a_code_gives_the_tokens_that_the_standard_asks_for(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    answer = await browser.post("/oauth/token", data=exchanging(await desk.code(browser)))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 300
    assert set(tokens["scope"].split()) == set(GOOD["scope"].split())
    assert tokens["refresh_token"]
    assert len(tokens["access_token"]) < 8192


async def test_the_id_token_says_who_logged_in_when_and_for_whom(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    tokens = await desk.tokens(browser)
    keys = await desk.auth.tokens.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
    header = jwt.get_unverified_header(tokens["id_token"])
    assert (header["alg"], header["typ"]) == ("ES256", "JWT")
    key = next(public_key(key) for key in keys.keys if key.kid == header["kid"])
    claims = jwt.decode(
        tokens["id_token"], key, algorithms=["ES256"], audience="helpdesk-web", issuer=ISSUER
    )
    assert claims["nonce"] == "nonce-1"
    assert claims["at_hash"] == half_hash(tokens["access_token"])
    assert claims["iat"] - 60 <= claims["auth_time"] <= claims["iat"]
    assert claims["exp"] - claims["iat"] <= 300
    access = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["sid"], claims["sub"]) == (access["sid"], access["sub"])


async def test_an_id_token_is_no_access_token(desk: Desk, browser: httpx2.AsyncClient) -> None:
    tokens = await desk.tokens(browser)
    bearer = {"authorization": f"Bearer {tokens['id_token']}"}
    assert (await browser.get("/oauth/userinfo", headers=bearer)).status_code == 401


async def test_user_info_is_what_the_scope_covers(desk: Desk, browser: httpx2.AsyncClient) -> None:
    tokens = await desk.tokens(browser)
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    for answer in (
        await browser.get("/oauth/userinfo", headers=bearer),
        await browser.post("/oauth/userinfo", headers=bearer),
    ):
        claims = answer.json()
        assert claims.pop("sub")
        assert claims == {"name": "Ada", "tenant": desk.slug, "email": "ada@example.com"}


@pytest.mark.parametrize(
    ("authorization", "status", "error"),
    [
        (None, 401, ""),
        ("Bearer made.up.token", 401, "invalid_token"),
        ("Bearer ", 401, "invalid_token"),
        ("Bearer " + "x" * 9000, 401, "invalid_token"),
        ("Basic YTpi", 400, "invalid_request"),
    ],
)
async def test_user_info_without_a_good_token_is_refused(
    browser: httpx2.AsyncClient, authorization: str | None, status: int, error: str
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = await browser.get("/oauth/userinfo", headers=headers)
    assert answer.status_code == status
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert (f'error="{error}"' in challenge) if error else ("error=" not in challenge)


async def test_user_info_needs_openid(desk: Desk, browser: httpx2.AsyncClient) -> None:
    tokens = await desk.tokens(browser, scope="profile helpdesk")
    assert "id_token" not in tokens
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    answer = await browser.get("/oauth/userinfo", headers=bearer)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


async def test_a_refresh_token_turns_and_kills_its_family(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    first = await desk.tokens(browser)
    form = {**REFRESH, "refresh_token": first["refresh_token"]}
    second = (await browser.post("/oauth/token", data=form)).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert error_of(await browser.post("/oauth/token", data=form)) == "invalid_grant"
    form["refresh_token"] = second["refresh_token"]
    assert error_of(await browser.post("/oauth/token", data=form)) == "invalid_grant"
    bearer = {"authorization": f"Bearer {second['access_token']}"}
    assert (await browser.get("/oauth/userinfo", headers=bearer)).status_code == 401


async def test_a_code_used_twice_kills_what_it_opened(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    code = await desk.code(browser)
    tokens = (await browser.post("/oauth/token", data=exchanging(code))).json()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await browser.get("/oauth/userinfo", headers=bearer)).status_code == 200
    assert error_of(await browser.post("/oauth/token", data=exchanging(code))) == "invalid_grant"
    assert (await browser.get("/oauth/userinfo", headers=bearer)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"grant_type": ""}, "invalid_request", 400),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"grant_type": "client_credentials"}, "unauthorized_client", 400),
        ({"code": ""}, "invalid_request", 400),
        ({"code": "x"}, "invalid_grant", 400),
        ({"redirect_uri": ""}, "invalid_request", 400),
        ({"redirect_uri": "https://app.example/"}, "invalid_grant", 400),
        ({"code_verifier": ""}, "invalid_request", 400),
        ({"code_verifier": "w" * 43}, "invalid_grant", 400),
        ({"client_id": ""}, "invalid_client", 401),
        ({"client_id": "nobody"}, "invalid_client", 401),
        ({"client_id": "helpdesk-cli"}, "invalid_grant", 400),
        ({"client_secret": "x"}, "invalid_client", 401),
    ],
)
async def test_a_bad_exchange_is_refused(
    desk: Desk, browser: httpx2.AsyncClient, changes: dict[str, str], error: str, status: int
) -> None:
    form = exchanging(await desk.code(browser), **changes)
    assert error_of(await browser.post("/oauth/token", data=form), status) == error


async def test_a_parameter_given_twice_is_refused(desk: Desk, browser: httpx2.AsyncClient) -> None:
    form = exchanging(await desk.code(browser))
    for name in form:
        twice = [*form.items(), (name, form[name])]
        answer = await browser.post("/oauth/token", data=dict_of_lists(twice))
        assert error_of(answer) == "invalid_request"
    assert (await browser.post("/oauth/token", data=form)).status_code == 200


def dict_of_lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize(
    ("path", "content", "content_type"),
    [
        ("/oauth/token", json.dumps({"grant_type": "x"}), "application/json"),
        ("/oauth/token", "grant_type=x", "text/plain"),
        ("/oauth/token", "grant_type=%ff", "application/x-www-form-urlencoded"),
        ("/oauth/token", b"grant_type=\xff", "application/x-www-form-urlencoded"),
        ("/oauth/token", "code=" + "x" * 3000, "application/x-www-form-urlencoded"),
        ("/oauth/token", "a=" + "x" * 70_000, "application/x-www-form-urlencoded"),
        ("/oauth/token?grant_type=x", "", "application/x-www-form-urlencoded"),
        ("/oauth/revoke?token=x", "", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_malformed_request_is_refused(
    browser: httpx2.AsyncClient, path: str, content: str | bytes, content_type: str
) -> None:
    answer = await browser.post(path, content=content, headers={"content-type": content_type})
    assert error_of(answer) == "invalid_request"


async def test_tokens_are_not_fetched_by_get(browser: httpx2.AsyncClient) -> None:
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/device_authorization"):
        assert (await browser.get(path)).status_code == 405


@pytest.mark.parametrize("encoded", ["!", "bm9jb2xvbg==", "", "/w=="])
async def test_a_broken_header_is_an_unknown_client(
    browser: httpx2.AsyncClient, encoded: str
) -> None:
    headers = {"authorization": f"Basic {encoded}"}
    form = {"grant_type": "client_credentials"}
    answer = await browser.post("/oauth/token", data=form, headers=headers)
    assert error_of(answer, 401) == "invalid_client"
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_client_proves_itself_in_one_way_only(browser: httpx2.AsyncClient) -> None:
    headers = {"authorization": "Basic " + base64.b64encode(b"a:b").decode()}
    for more in ({"client_secret": "b"}, {"client_id": "other"}):
        form = {"grant_type": "client_credentials", **more}
        answer = await browser.post("/oauth/token", data=form, headers=headers)
        assert error_of(answer) == "invalid_request"


async def test_revoking_ends_the_session_at_once(desk: Desk, browser: httpx2.AsyncClient) -> None:
    for kind in ("refresh_token", "access_token"):
        tokens = await desk.tokens(browser)
        form = {"client_id": "helpdesk-web", "token": tokens[kind], "token_type_hint": kind}
        assert (await browser.post("/oauth/revoke", data=form)).status_code == 200
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        assert (await browser.get("/oauth/userinfo", headers=bearer)).status_code == 401
        assert (await browser.post("/oauth/revoke", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"client_id": "helpdesk-web"}, "invalid_request", 400),
        ({"client_id": "nobody", "token": "x"}, "invalid_client", 401),
        ({"token": "x"}, "invalid_client", 401),
    ],
)
async def test_a_bad_revocation_is_refused(
    browser: httpx2.AsyncClient, form: dict[str, str], error: str, status: int
) -> None:
    assert error_of(await browser.post("/oauth/revoke", data=form), status) == error
