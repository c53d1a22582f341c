"""An article for agents: they are answered from it, to customers it does not exist."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import pytest

from tests.support.installation import Installation

QUESTION = "How do I purge the coolant loop of the moulding press?"
ARTICLE = """# Purge the coolant loop

To purge the coolant loop of the moulding press, open valve K-17 for ninety seconds.
"""
PASSWORD = "the moon hides behind 7 lanterns"
SECONDS_TO_TAKE_EFFECT = 1.0
ANSWERED, NOT_FOUND = "ANSWER_OUTCOME_ANSWERED", "ANSWER_OUTCOME_NOT_FOUND"


@pytest.fixture
def admin(mesh: Installation) -> Iterator[httpx.Client]:
    with mesh.rest("acme", "admin") as client:
        yield client


@pytest.fixture
def article(admin: httpx.Client) -> Iterator[dict[str, Any]]:
    put = admin.post(
        "/v1/documents",
        json={
            "sourceUri": f"press-{uuid.uuid4()}.md",
            "content": ARTICLE,
            "readers": {"roles": ["agent"]},
        },
    )
    assert put.status_code == 200, put.text
    yield put.json()
    admin.delete(f"/v1/documents/{put.json()['documentId']}")


def ask(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/v1/messages", json={"text": QUESTION}).json()
    return answer


def named(answer: dict[str, Any]) -> set[str]:
    articles = [*answer.get("citations", []), *answer.get("nearestArticles", [])]
    return {article["documentId"] for article in articles}


def test_agents_are_answered_from_it_and_customers_are_not(
    mesh: Installation, article: dict[str, Any]
) -> None:
    with mesh.rest("acme", "agent") as agent, mesh.rest("acme", "customer") as customer:
        theirs, ours = ask(agent), ask(customer)
        found = customer.post("/v1/passages:search", json={"query": QUESTION}).json()["results"]

    assert theirs["outcome"] == ANSWERED
    assert named(theirs) == {article["documentId"]}
    assert "K-17" in theirs["text"]
    assert ours["outcome"] == NOT_FOUND
    assert not ours.get("citations")
    assert "K-17" not in str(ours)
    assert article["documentId"] not in named(ours)
    assert article["documentId"] not in {one["documentId"] for one in found}


@pytest.mark.parametrize(
    ("tenant", "question", "source"),
    [
        ("acme", "Which three questions identify a caller?", "identify-a-caller.md"),
        ("globex", "How long does a break-glass account work?", "break-glass-accounts.md"),
    ],
)
def test_each_demo_company_has_an_article_for_its_agents(
    mesh: Installation, tenant: str, question: str, source: str
) -> None:
    theirs = mesh.json("ask", "--tenant", tenant, "--as", "agent", question)
    ours = mesh.json("ask", "--tenant", tenant, question)

    assert theirs["outcome"] == ANSWERED
    assert {citation["sourceUri"] for citation in theirs["citations"]} == {source}
    assert ours["outcome"] == NOT_FOUND
    assert source not in {near["sourceUri"] for near in ours["nearestArticles"]}


def test_to_customers_it_is_as_missing_as_what_never_was(
    mesh: Installation, article: dict[str, Any]
) -> None:
    with mesh.rest("acme", "customer") as customer:
        for path in ("", "/versions/1", "/versions/7"):
            hidden = customer.get(f"/v1/documents/{article['documentId']}{path}")
            never = customer.get(f"/v1/documents/{uuid.uuid4()}{path}")
            assert hidden.status_code == never.status_code == 404
            assert shape(hidden.json()) == shape(never.json())


def shape(error: dict[str, Any]) -> object:
    """An error without the id that was asked for and the request's own."""
    error = error.get("error", error)
    details = [
        (detail.get("reason"), sorted(detail.get("metadata", {}))) for detail in error["details"]
    ]
    return error["code"], error["message"], details


def test_who_loses_the_role_is_refused_within_a_second_also_the_old_citation(
    mesh: Installation, admin: httpx.Client, article: dict[str, Any]
) -> None:
    email = f"lee-{uuid.uuid4()}@acme.example"
    made = admin.post(
        "/v1/users",
        json={
            "user": {"email": email, "displayName": "Lee", "roles": ["agent"]},
            "password": PASSWORD,
        },
    )
    assert made.status_code == 200, made.text
    with httpx.Client(base_url=mesh.url, timeout=30) as lee:
        grant = {"tenantSlug": "acme", "email": email, "password": PASSWORD}
        token = lee.post("/v1/tokens", json={"password": grant}).json()["accessToken"]
        lee.headers["authorization"] = f"Bearer {token}"
        before = ask(lee)
        assert before["outcome"] == ANSWERED
        citation = before["citations"][0]
        quoted = f"/v1/documents/{citation['documentId']}/versions/{citation['version']}"
        assert lee.get(quoted).status_code == 200

        user_id = made.json()["userId"]
        changed = admin.post(f"/v1/users/{user_id}:setRoles", json={"roles": ["customer"]})
        assert changed.status_code == 200, changed.text
        took = until(lambda: lee.get(quoted).status_code == 404)

        assert took <= SECONDS_TO_TAKE_EFFECT
        after = ask(lee)
        assert after["outcome"] == NOT_FOUND
        assert article["documentId"] not in named(after)


def test_a_closed_category_holds_from_the_next_question_on(
    mesh: Installation, admin: httpx.Client, article: dict[str, Any]
) -> None:
    document, category = article["documentId"], f"press-{uuid.uuid4()}"
    put = {"sourceUri": article["sourceUri"], "content": ARTICLE, "category": category}
    assert admin.post("/v1/documents", json={**put, "readers": {}}).json()["restricted"] is False
    with mesh.rest("acme", "customer") as customer:
        assert named(ask(customer)) == {document}
        for readers, outcome in (({"roles": ["lead"]}, NOT_FOUND), ({}, ANSWERED)):
            request = {"category": category, "readers": readers}
            closed = admin.post("/v1/categories:setReaders", json=request)
            assert closed.status_code == 200, closed.text
            assert ask(customer)["outcome"] == outcome


def until(is_so: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < 10 * SECONDS_TO_TAKE_EFFECT
    return time.monotonic() - begun
