"""Encoders behind HTTP: what they answer is checked, and search goes on without them."""

import re
from collections.abc import Iterator
from math import nan

import numpy as np
import pytest
from pydantic import ValidationError

from services.mesh.caller import acting_as
from services.search.encoder.chosen import chosen_encoder
from services.search.encoder.remote import TEXTS_PER_CALL
from services.search.errors import EncoderUnavailable
from services.search.finding import search_passages
from services.search.ports import Encoder
from services.search.server import Parts, assemble
from services.search.settings import SearchSettings
from services.search.use_cases import put_document
from tests.search.builders import NOON, an_article, somebody
from tests.search.encoder_server import EncoderServer, running_encoder_server
from tests.search.fakes import FakeDocumentStore, FakeIndex

DIALECTS = ["ollama", "openai"]


@pytest.fixture
def server() -> Iterator[EncoderServer]:
    with running_encoder_server() as server:
        yield server


class Connections:
    def __init__(self) -> None:
        self._all: list[Encoder] = []

    def __call__(self, server: EncoderServer, kind: str = "ollama", **more: str) -> Encoder:
        settings = {"encoder": kind, "encoder_url": server.url, "encoder_model": "mini", **more}
        encoder = chosen_encoder(SearchSettings.model_validate(settings))
        self._all.append(encoder)
        return encoder

    def close(self) -> None:
        for encoder in self._all:
            encoder.close()


@pytest.fixture
def connected() -> Iterator[Connections]:
    connections = Connections()
    yield connections
    connections.close()


@pytest.mark.parametrize("kind", DIALECTS)
def test_texts_become_vectors_of_length_one_in_their_order(
    server: EncoderServer, kind: str, connected: Connections
) -> None:
    encoder = connected(server, kind)
    texts = [f"printer {number}" for number in range(TEXTS_PER_CALL + 3)]
    vectors = encoder.encode(texts)
    assert encoder.dimensions == 16
    assert vectors.shape == (len(texts), 16)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert vectors == pytest.approx(alone)
    assert encoder.encode([]).shape == (0, 16)
    assert max(len(body["input"]) for body in server.asked) == TEXTS_PER_CALL


@pytest.mark.parametrize("kind", DIALECTS)
def test_questions_and_passages_carry_the_prefixes_of_the_model(
    server: EncoderServer, kind: str, connected: Connections
) -> None:
    prefixes = {"encoder_question_prefix": "query: ", "encoder_passage_prefix": "passage: "}
    encoder = connected(server, kind, **prefixes)
    encoder.encode(["vpn"])
    encoder.encode_questions(["vpn"])
    assert [body["input"] for body in server.asked[-2:]] == [["passage: vpn"], ["query: vpn"]]
    assert {body["model"] for body in server.asked} == {"mini"}


def test_the_key_goes_to_the_server_and_is_not_in_the_name(
    server: EncoderServer, connected: Connections
) -> None:
    encoder = connected(server, "openai", encoder_api_key="s3cret")
    assert server.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in encoder.name


def test_the_name_is_another_one_when_the_vectors_would_be(
    server: EncoderServer, connected: Connections
) -> None:
    names = {connected(server).name, connected(server, "openai").name}
    names.add(connected(server, encoder_question_prefix="query: ").name)
    server.digest = "sha256:two"
    names.add(connected(server).name)
    server.dimensions = 24
    names.add(connected(server).name)
    assert len(names) == 5
    assert connected(server).name in names
    # It becomes the name of a folder and of a collection.
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)


SPOILED = {
    "one too few": (lambda vectors: vectors[1:], "answers 2 texts with 1 vectors"),
    "another dimension": (
        lambda vectors: [vector[:8] for vector in vectors],
        "answers with 8 dimensions, and the index was made with 16",
    ),
    "not a number": (
        lambda vectors: [[nan, *vector[1:]] for vector in vectors],
        "answers (in a form that is not understood|with vectors that have no direction)",
    ),
    "all nought": (
        lambda vectors: [[0.0] * len(vector) for vector in vectors],
        "answers with vectors that have no direction",
    ),
    "of different lengths": (
        lambda vectors: [vectors[0], vectors[1][:8]],
        "answers in a form that is not understood",
    ),
}


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("how", SPOILED)
def test_vectors_that_cannot_be_right_are_refused(
    server: EncoderServer, how: str, kind: str, connected: Connections
) -> None:
    encoder = connected(server, kind)
    assert encoder.encode(["vpn", "printer"]).shape == (2, 16)
    server.spoil, problem = SPOILED[how]
    with pytest.raises(EncoderUnavailable, match=f"mini at {server.url} {problem}"):
        encoder.encode(["vpn", "printer"])


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((500, None), "answers with status 500"),
        ((404, b'{"error":"model not found: vpn"}'), "answers with status 404"),
        ((307, None), "answers with status 307"),
        ((200, b"<html>"), "answers in a form that is not understood"),
        ((200, b'{"other": []}'), "answers in a form that is not understood"),
    ],
)
def test_an_answer_that_is_none_is_refused_and_not_repeated(
    server: EncoderServer,
    kind: str,
    answer: tuple[int, bytes | None],
    problem: str,
    connected: Connections,
) -> None:
    encoder = connected(server, kind)
    server.status, server.body = answer
    with pytest.raises(EncoderUnavailable, match=problem) as refused:
        encoder.encode(["vpn"])
    assert "vpn" not in str(refused.value)


def test_a_server_that_is_not_there_is_named(connected: Connections) -> None:
    with running_encoder_server() as server:
        pass
    with pytest.raises(EncoderUnavailable, match=rf"mini at {server.url} does not answer"):
        connected(server)


def test_settings_that_name_no_server_are_refused() -> None:
    with pytest.raises(ValidationError, match="needs HELPDESK_ENCODER_URL and HELPDESK_ENC"):
        SearchSettings(encoder="ollama")
    with pytest.raises(ValidationError, match="give http://HOST:PORT"):
        SearchSettings(encoder="openai", encoder_url="localhost:1", encoder_model="mini")
    with pytest.raises(ValidationError, match="needs HELPDESK_PREVIOUS_ENCODER_URL and"):
        SearchSettings(previous_encoder="ollama")


async def started(encoder: Encoder, store: FakeDocumentStore, index: FakeIndex) -> Parts:
    parts = assemble(store, index, encoder, lambda: NOON)
    await parts.indexing.compare()
    return parts


async def test_without_its_server_search_answers_by_words_and_says_so(
    server: EncoderServer, connected: Connections
) -> None:
    parts = await started(connected(server), FakeDocumentStore(), FakeIndex())
    with acting_as(somebody()):
        await put_document(parts.library, an_article())
        assert not (await search_passages(parts.finder, "connect from home", 5)).degraded
        server.status = 500
        findings = await search_passages(parts.finder, "falcon gate", 5)
        assert findings.degraded
        assert "Falcon Gate" in findings.passages[0].chunk.text
        server.status = 200
        assert not (await search_passages(parts.finder, "falcon gate", 5)).degraded


async def test_without_its_server_a_document_is_refused_and_the_others_stay(
    server: EncoderServer, connected: Connections
) -> None:
    store, index = FakeDocumentStore(), FakeIndex()
    parts = await started(connected(server), store, index)
    with acting_as(somebody()):
        kept = await put_document(parts.library, an_article())
        server.status = 500
        with pytest.raises(EncoderUnavailable) as refused:
            await put_document(parts.library, an_article("# Printers\n", source_uri="p.md"))
        # The address of a server inside is nothing for who puts documents.
        assert server.url not in refused.value.message
        assert [*index.texts] == [(somebody().tenant_id, kept.document_id)]
        server.status = 200
        await put_document(parts.library, an_article("# Printers\n", source_uri="p.md"))
    assert len(index.texts) == 2


async def test_another_model_makes_the_index_anew(
    server: EncoderServer, connected: Connections
) -> None:
    store = FakeDocumentStore()
    parts = await started(connected(server), store, FakeIndex())
    with acting_as(somebody()):
        kept = await put_document(parts.library, an_article())
    server.digest = "sha256:two"
    other = await started(connected(server), store, index := FakeIndex())
    await other.indexing.repair()
    (text,) = index.texts.values()
    assert text.document_id == kept.document_id
    assert {one.recipe for one in text.embeddings} == {other.library.vectors.recipe}
    assert other.library.vectors.recipe != parts.library.vectors.recipe
