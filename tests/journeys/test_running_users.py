"""An admin runs the users of a tenant from the command line."""

import json
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pyotp
import pytest

from services.mesh.ids import new_id
from tests.support.installation import Installation

PASSWORD = "correct horse battery"


def told(mesh: Installation, *words: str, **options: str) -> dict[str, object]:
    ended = mesh.run(*words, "--tenant", "acme", "-o", "json", **options)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, object] = json.loads(ended.stdout)
    return found


@pytest.fixture
def email() -> str:
    return f"zoe-{new_id()}@acme.example"


def accept(mesh: Installation, link: str) -> httpx.Response:
    assert link.startswith(f"{mesh.url}/account/invitation?")
    page = httpx.get(link)
    assert page.status_code == 200, page.text
    [code] = parse_qs(urlsplit(link).query)["code"]
    form = {"code": code, "password": PASSWORD}
    return httpx.post(f"{mesh.url}/account/invitation", data=form)


def log_in(mesh: Installation, email: str, code: str = "") -> int:
    body = {"tenantSlug": "acme", "email": email, "password": PASSWORD, "oneTimeCode": code}
    return httpx.post(f"{mesh.url}/v1/tokens", json={"password": body}).status_code


def test_a_user_is_invited_and_disabled(mesh: Installation, email: str) -> None:
    invited = told(mesh, "users", "invite", email, "--role", "agent")
    assert "You can log in now" in accept(mesh, str(invited["link"])).text
    assert log_in(mesh, email) == 200
    assert told(mesh, "users", "disable", email)["state"] == "USER_STATE_DISABLED"
    assert log_in(mesh, email) == 401
    assert told(mesh, "users", "enable", email)["state"] == "USER_STATE_ACTIVE"
    assert log_in(mesh, email) == 200
    assert told(mesh, "users", "set-roles", email, "customer")["roles"] == ["customer"]
    assert told(mesh, "users", "update", email, "--name", "Zoe")["displayName"] == "Zoe"
    listed = mesh.run("users", "--tenant", "acme")
    assert email in listed.stdout
    reset = mesh.run("users", "reset-password", email, "--tenant", "acme")
    assert f"{mesh.url}/account/password-reset?code=" in reset.stdout


def test_an_unknown_user_is_named(mesh: Installation) -> None:
    ended = mesh.run("users", "disable", "nobody@x.org", "--tenant", "acme")
    assert ended.returncode == 1
    assert "nobody@x.org is not a user of this tenant." in ended.stderr
    assert "hint: helpdesk users list" in ended.stderr


def test_a_role_is_made_changed_and_deleted(mesh: Installation) -> None:
    role = f"auditor_{new_id().replace('-', '_')}"
    made = told(mesh, "roles", "create", role, "-p", "ticket.tickets.get")
    assert made["permissions"] == ["ticket.tickets.get"]
    changed = told(mesh, "roles", "update", role, "--add", "ticket.tickets.list")
    assert changed["permissions"] == ["ticket.tickets.get", "ticket.tickets.list"]
    assert role in mesh.run("roles", "--tenant", "acme").stdout
    refused = mesh.run("roles", "create", "boss", "-p", "auth.tenants.create", "--tenant", "acme")
    assert "There is no permission auth.tenants.create to give." in refused.stderr
    assert told(mesh, "roles", "delete", role)["deleted"] is True


def test_a_key_is_made_used_and_revoked(mesh: Installation) -> None:
    name = f"robot-{new_id()}"
    made = told(mesh, "api-keys", "create", name, "--scope", "ticket.tickets.list")
    body = {"apiKey": {"apiKey": made["secret"]}}
    issued = httpx.post(f"{mesh.url}/v1/tokens", json=body)
    headers = {"authorization": f"Bearer {issued.json()['accessToken']}"}
    assert httpx.get(f"{mesh.url}/v1/tickets", headers=headers).status_code == 200
    assert httpx.get(f"{mesh.url}/v1/users", headers=headers).status_code == 403
    assert name in mesh.run("api-keys", "--tenant", "acme").stdout
    assert "revokeTime" in told(mesh, "api-keys", "revoke", name)
    assert httpx.post(f"{mesh.url}/v1/tokens", json=body).status_code == 401


def test_an_authenticator_app_is_turned_on_and_asked_for(mesh: Installation, email: str) -> None:
    invited = told(mesh, "users", "invite", email, "--role", "customer")
    accept(mesh, str(invited["link"]))
    body = {"tenantSlug": "acme", "email": email, "password": PASSWORD}
    token = httpx.post(f"{mesh.url}/v1/tokens", json={"password": body}).json()["accessToken"]
    headers = {"authorization": f"Bearer {token}"}
    totp = f"{mesh.url}/v1/account/totp"
    made = httpx.post(f"{totp}:enrol", json={"password": PASSWORD}, headers=headers).json()
    code = pyotp.TOTP(made["secret"]).now()
    confirmed = httpx.post(f"{totp}:confirm", json={"code": code}, headers=headers).json()
    refused = httpx.post(f"{mesh.url}/v1/tokens", json={"password": body})
    assert refused.json()["details"][0]["reason"] == "ONE_TIME_CODE_REQUIRED"
    assert log_in(mesh, email, confirmed["recoveryCodes"][0]) == 200
    assert log_in(mesh, email, confirmed["recoveryCodes"][0]) == 401
    told(mesh, "users", "remove-totp", email)
    assert log_in(mesh, email) == 200


def test_the_operator_rotates_keys_and_nobody_is_logged_out(mesh: Installation) -> None:
    before = mesh.run("tickets", "list", "--tenant", "acme")
    rotated = mesh.run("keys", "rotate", "-o", "json")
    assert rotated.returncode == 0, rotated.stderr
    shown = httpx.get(f"{mesh.url}/.well-known/jwks.json").json()["keys"]
    assert json.loads(rotated.stdout)["keyId"] in {key["kid"] for key in shown}
    assert len(shown) >= 2
    assert before.returncode == mesh.run("tickets", "list", "--tenant", "acme").returncode == 0
    assert "shown, not signing yet" in mesh.run("keys").stdout
