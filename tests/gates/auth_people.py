"""Two tenants made for the probe, and somebody of each role who is logged in over REST."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx

_KNOWN_WITHIN_SECONDS = 10.0


class Login:
    """Somebody at the REST side; nobody, if no tenant is given."""

    def __init__(self, url: str, slug: str = "", email: str = "", password: str = "") -> None:
        self._client = httpx.Client(base_url=url, timeout=30)
        if slug:
            grant = {"tenantSlug": slug, "email": email, "password": password}
            token = self.must("POST", "/v1/tokens", {"password": grant})["accessToken"]
            self._client.headers["authorization"] = f"Bearer {token}"

    @property
    def url(self) -> str:
        return str(self._client.base_url)

    def close(self) -> None:
        self._client.close()

    def send(self, verb: str, path: str, body: Any = None) -> httpx.Response:  # noqa: ANN401  JSON
        return self._client.request(verb, path, json=body)

    def must(self, verb: str, path: str, body: Any = None) -> Any:  # noqa: ANN401  JSON
        answer = self.send(verb, path, body)
        if answer.status_code != httpx.codes.OK:
            raise SystemExit(f"{verb} {path} answered {answer.status_code}: {answer.text}")
        return answer.json()

    def wait_until_known(self) -> None:
        """The services hear of a new user within a second."""
        deadline = time.monotonic() + _KNOWN_WITHIN_SECONDS
        for verb, path, body in (
            ("GET", "/v1/tickets", None),
            ("POST", "/v1/passages:search", {"query": "printer"}),
        ):
            while self.send(verb, path, body).status_code != httpx.codes.OK:
                if time.monotonic() > deadline:
                    raise SystemExit(f"{path} does not know a new user")
                time.sleep(0.1)


@dataclass
class House:
    tenant_id: str
    people: dict[str, Login] = field(default_factory=dict)

    @classmethod
    def build(cls, operator: Login) -> "House":
        slug, password = _new(), a_password()
        admin = {"email": f"admin@{slug}.example.com", "displayName": "Admin"}
        made = operator.must(
            "POST",
            "/v1/tenants",
            {
                "tenant": {"slug": slug, "displayName": slug},
                "admin": admin,
                "adminPassword": password,
            },
        )
        house = cls(made["tenantId"])
        house.people["admin"] = Login(operator.url, slug, admin["email"], password)
        house.people["admin"].wait_until_known()
        for name, role in (("agent", "agent"), ("customer", "customer"), ("colleague", "customer")):
            house.people[name] = house.add(operator.url, slug, name, role)
        return house

    def add(self, url: str, slug: str, name: str, role: str) -> Login:
        password = a_password()
        email = f"{name}@{slug}.example.com"
        user = {"email": email, "displayName": name, "roles": [role]}
        self.people["admin"].must("POST", "/v1/users", {"user": user, "password": password})
        login = Login(url, slug, email, password)
        login.wait_until_known()
        return login

    def close(self) -> None:
        for login in self.people.values():
            login.close()

    def make(self, kind: str, before: Sequence[str]) -> str:
        """A new object, so that one try does not spoil the next."""
        admin = self.people["admin"]
        if kind == "tenant":
            return self.tenant_id
        if kind == "user":
            body = filled({"user": {"email": "{new}@example.com", "displayName": "New"}})
            return str(
                admin.must("POST", "/v1/users", {**body, "password": a_password()})["userId"]
            )
        if kind == "document":
            body = filled({"sourceUri": "probe/{new}.md", "content": "# New\n\nA printer."})
            return str(admin.must("POST", "/v1/documents", body)["documentId"])
        if kind == "queue":
            return str(admin.must("POST", "/v1/queues", filled({"name": "{new}"}))["name"])
        owner = self.people["colleague" if kind == "colleague" else "customer"]
        ticket_id = str(owner.must("POST", "/v1/tickets", {"subject": "Old"})["ticketId"])
        for step in before:
            admin.must("POST", f"/v1/tickets/{ticket_id}:{step}", {})
        return ticket_id


def filled(body: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON of any shape
    text = json.dumps(body).replace("{new}", _new()).replace("{password}", a_password())
    return json.loads(text)


def _new() -> str:
    return f"probe-{uuid.uuid4().hex[:12]}"


def a_password() -> str:
    return f"{uuid.uuid4().hex} Zv!"
