"""An article is rolled back: new answers quote the old words, old answers open what they quoted."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from tests.support.installation import Installation

QUESTION = "How long do I rinse the pump of the bottling line?"
FIRST = """# Rinse the pump 🚰

To rinse the pump of the bottling line, open valve Z-4 for ten minutes.
"""
SECOND = FIRST.replace("ten minutes", "forty minutes")
ANSWERED, NOT_FOUND = "ANSWER_OUTCOME_ANSWERED", "ANSWER_OUTCOME_NOT_FOUND"


@pytest.fixture
def admin(mesh: Installation) -> Iterator[httpx.Client]:
    with mesh.rest("acme", "admin") as client:
        yield client


@pytest.fixture
def customer(mesh: Installation) -> Iterator[httpx.Client]:
    with mesh.rest("acme", "customer") as client:
        yield client


@pytest.fixture
def article(admin: httpx.Client) -> Iterator[dict[str, Any]]:
    name = f"pump-{uuid.uuid4()}.md"
    made = put(admin, name, FIRST)
    yield made
    admin.delete(f"/v1/documents/{made['documentId']}")


def put(admin: httpx.Client, name: str, content: str, **others: object) -> dict[str, Any]:
    done = admin.post("/v1/documents", json={"sourceUri": name, "content": content, **others})
    assert done.status_code == 200, done.text
    made: dict[str, Any] = done.json()
    return made


def tell(
    admin: httpx.Client, article: dict[str, Any], verb: str, **fields: object
) -> dict[str, Any]:
    done = admin.post(f"/v1/documents/{article['documentId']}:{verb}", json=fields)
    assert done.status_code == 200, done.text
    changed: dict[str, Any] = done.json()
    return changed


def ask(client: httpx.Client, session_id: str = "") -> dict[str, Any]:
    said = {"text": QUESTION, "sessionId": session_id}
    answer: dict[str, Any] = client.post("/v1/messages", json=said).json()
    return answer


def transcript(client: httpx.Client, session_id: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = client.get(f"/v1/sessions/{session_id}/messages").json()[
        "messages"
    ]
    return messages


def open_version(client: httpx.Client, citation: dict[str, Any]) -> httpx.Response:
    return client.get(f"/v1/documents/{citation['documentId']}/versions/{citation['version']}")


def quoted(client: httpx.Client, citation: dict[str, Any]) -> tuple[str, str]:
    """What the citation says that it quotes, and what stands there."""
    opened = open_version(client, citation)
    assert opened.status_code == 200, opened.text
    content = opened.json()["content"]
    return citation["quote"], content[citation["start"] : citation["end"]]


def test_new_answers_quote_what_was_rolled_back_and_old_ones_open_what_they_quoted(
    mesh: Installation, admin: httpx.Client, customer: httpx.Client, article: dict[str, Any]
) -> None:
    put(admin, article["sourceUri"], SECOND)
    before = ask(customer)
    assert before["outcome"] == ANSWERED
    assert "forty minutes" in before["text"]
    assert [one["version"] for one in before["citations"]] == [2]

    assert tell(admin, article, "rollBack", version=1)["version"] == 3
    after = ask(customer)
    assert "ten minutes" in after["text"]
    assert "forty minutes" not in str(after)
    assert [one["version"] for one in after["citations"]] == [3]
    assert quoted(customer, after["citations"][0])[1] in FIRST

    # The old transcript, as it was kept.
    (kept,) = transcript(customer, before["sessionId"])[-1]["citations"]
    assert kept == before["citations"][0]
    says, stands = quoted(customer, kept)
    assert says == stands
    assert "forty minutes" in stands
    assert open_version(customer, kept).json()["content"].encode() == SECOND.encode()

    tell(admin, article, "archive")
    assert ask(customer)["outcome"] == NOT_FOUND
    assert customer.get(f"/v1/documents/{article['documentId']}").status_code == 404
    assert open_version(customer, kept).json()["content"].encode() == SECOND.encode()

    assert admin.delete(f"/v1/documents/{article['documentId']}").status_code == 200
    assert open_version(customer, kept).json()["content"].encode() == SECOND.encode()
    with mesh.rest("globex", "admin") as stranger:
        assert open_version(stranger, kept).status_code == 404


def test_a_citation_of_a_version_opens_for_those_only_who_may_read_the_document(
    mesh: Installation, admin: httpx.Client, customer: httpx.Client, article: dict[str, Any]
) -> None:
    citation = ask(customer)["citations"][0]
    tell(admin, article, "setReaders", readers={"roles": ["agent"]})
    for verb in ("archive", "publish", "archive"):
        tell(admin, article, verb)
        assert open_version(customer, citation).status_code == 404
        with mesh.rest("acme", "agent") as agent:
            assert open_version(agent, citation).json()["content"] == FIRST
    admin.delete(f"/v1/documents/{article['documentId']}")
    assert open_version(customer, citation).status_code == 404
    with mesh.rest("acme", "agent") as agent:
        assert open_version(agent, citation).json()["content"] == FIRST


def test_nobody_is_answered_from_a_draft_or_outside_of_the_dates(
    admin: httpx.Client, customer: httpx.Client, article: dict[str, Any]
) -> None:
    name = article["sourceUri"]
    put(admin, name, SECOND, state="DOCUMENT_STATE_DRAFT")
    for client in (customer, admin):
        assert "ten minutes" in ask(client)["text"]
    tell(admin, article, "publish", version=2)
    assert "forty minutes" in ask(customer)["text"]

    today = datetime.now(UTC)
    for begin, end, outcome in ((1, 2, NOT_FOUND), (-1, 1, ANSWERED), (-2, -1, NOT_FOUND)):
        dates = {
            "effectiveFrom": (today + timedelta(days=begin)).isoformat(),
            "effectiveUntil": (today + timedelta(days=end)).isoformat(),
        }
        put(admin, name, SECOND, effectiveDates=dates)
        assert ask(customer)["outcome"] == ask(admin)["outcome"] == outcome


def test_history_and_differences_are_told(admin: httpx.Client, article: dict[str, Any]) -> None:
    put(admin, article["sourceUri"], SECOND)
    versions = f"/v1/documents/{article['documentId']}/versions"
    told = admin.get(versions).json()["versions"]
    assert [(one["version"], one["state"]) for one in told] == [
        (2, "DOCUMENT_STATE_PUBLISHED"),
        (1, "DOCUMENT_STATE_ARCHIVED"),
    ]
    compared = admin.get(f"{versions}:diff", params={"oldVersion": 1, "newVersion": 2}).json()
    kinds = [line["kind"].removeprefix("DIFF_LINE_KIND_") for line in compared["hunks"][0]["lines"]]
    assert kinds == ["UNCHANGED", "UNCHANGED", "REMOVED", "ADDED"]
