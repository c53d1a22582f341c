"""A customer asks; the answer comes from the tenant's own articles, the same on every way in."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from services.mesh.settings import REPOSITORY
from tests.support.installation import Installation

QUESTION = "I forgot my password. How do I reset it?"


def places(message: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    return [
        (c["documentId"], c["version"], c.get("start", 0), c["end"]) for c in message["citations"]
    ]


def test_the_same_question_gets_the_same_citations_on_every_way_in(mesh: Installation) -> None:
    by_command = mesh.json("ask", "--tenant", "acme", QUESTION)
    with mesh.rest("acme") as client:
        by_rest = client.post("/v1/messages", json={"text": QUESTION}).json()
    by_grpc = buf_curl(mesh, "helpdesk.chat.v1.ChatService/SendMessage", {"text": QUESTION})

    assert by_command["outcome"] == "ANSWER_OUTCOME_ANSWERED"
    assert len(places(by_command)) >= 1
    assert places(by_command) == places(by_rest) == places(by_grpc)


def test_every_quote_is_in_the_stored_article_to_the_letter(mesh: Installation) -> None:
    answer = mesh.json("ask", "--tenant", "globex", QUESTION)

    assert answer["citations"]
    with mesh.rest("globex") as client:
        for citation in answer["citations"]:
            path = f"/v1/documents/{citation['documentId']}/versions/{citation['version']}"
            content = client.get(path).json()["content"]
            assert content[citation.get("start", 0) : citation["end"]] == citation["quote"]


def test_a_quote_is_in_the_file_that_was_imported(mesh: Installation) -> None:
    answer = mesh.json("ask", "--tenant", "acme", QUESTION)

    folder = REPOSITORY / "infra" / "demo" / "acme" / "knowledge"
    for citation in answer["citations"]:
        assert citation["quote"].encode() in (folder / citation["sourceUri"]).read_bytes()


def test_a_question_that_only_the_other_tenant_could_answer_is_refused(mesh: Installation) -> None:
    question = "How do I tap on to a shared clinical workstation with my badge?"

    theirs = mesh.json("ask", "--tenant", "globex", question)
    ours = mesh.json("ask", "--tenant", "acme", question)

    assert theirs["outcome"] == "ANSWER_OUTCOME_ANSWERED"
    assert ours["outcome"] == "ANSWER_OUTCOME_NOT_FOUND"
    assert not ours.get("citations")
    assert ours["nearestArticles"]
    assert not {a["documentId"] for a in ours["nearestArticles"]} & {
        c["documentId"] for c in theirs["citations"]
    }


def test_a_streamed_answer_ends_with_done(mesh: Installation) -> None:
    with (
        mesh.rest("acme") as client,
        client.stream("POST", "/v1/messages:stream", json={"text": QUESTION}) as answer,
    ):
        lines = [line for line in answer.iter_lines() if line.startswith("data:")]
    steps = [json.loads(line.removeprefix("data:")) for line in lines]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [int(step["seq"]) for step in steps] == list(range(1, len(steps) + 1))
    assert "started" in steps[0]
    assert "done" in steps[-1]
    text = "".join(step["delta"]["text"] for step in steps if "delta" in step)
    assert text == steps[-1]["done"]["message"]["text"]


def test_a_conversation_is_handed_to_a_person_with_its_transcript(mesh: Installation) -> None:
    with mesh.rest("acme") as client:
        asked = client.post("/v1/messages", json={"text": QUESTION}).json()
        handed = client.post(
            f"/v1/sessions/{asked['sessionId']}:handOff", json={"reason": "Still locked out."}
        ).json()
    with mesh.rest("acme", "agent") as agent:
        ticket = agent.get(f"/v1/tickets/{handed['ticketId']}").json()
        comments = agent.get(f"/v1/tickets/{handed['ticketId']}/comments").json()["comments"]

    assert ticket["chatSessionId"] == asked["sessionId"]
    assert QUESTION in comments[0]["body"]
    assert comments[0]["internal"] is True


def buf_curl(mesh: Installation, method: str, request: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [
            Path(sys.executable).parent / "buf",
            "curl",
            "--schema",
            REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb",
            "--protocol",
            "grpc",
            "--http2-prior-knowledge",
            "--header",
            f"authorization: Bearer {mesh.token('acme')}",
            "--data",
            json.dumps(request),
            f"{mesh.url}/{method}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
