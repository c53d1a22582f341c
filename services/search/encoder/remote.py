"""An encoder behind HTTP: Ollama's own interface, or the one of OpenAI that many servers speak.

Whatever the server answers is checked before it is believed: as many vectors as texts, each of the
same length, finite, and made length 1 here.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx2 as httpx
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from services.search.errors import EncoderUnavailable

TEXTS_PER_CALL = 64
SECONDS_TO_CONNECT = 2.0
SECONDS_TO_ANSWER = 60.0
_DIGEST_LENGTH = 12

Vectors = npt.NDArray[np.float32]
Request = dict[str, str | bool | list[str]]


@dataclass(frozen=True)
class Prefixes:
    """What some models want before a text, such as `query: ` and `passage: `."""

    question: str = ""
    passage: str = ""


NO_PREFIXES = Prefixes()


class Dialect(Protocol):
    """How one kind of server is asked. `model` is the name that the server knows it by."""

    name: str
    path: str

    def request(self, model: str, texts: Sequence[str]) -> Request: ...

    def vectors(self, answer: bytes) -> Sequence[Sequence[float]]:
        """Raises ValueError for an answer of another form."""
        ...

    def identity(self, client: httpx.Client, model: str) -> str:
        """Tells two models of the same name apart as far as the server can."""
        ...


class RemoteEncoder:
    """Raises EncoderUnavailable, also from here: a server is asked at once what it would answer."""

    def __init__(
        self,
        url: str,
        model: str,
        dialect: Dialect,
        *,
        prefixes: Prefixes = NO_PREFIXES,
        api_key: str | None = None,
    ) -> None:
        self._model = model
        self._dialect = dialect
        self._prefixes = prefixes
        self._url = url.rstrip("/")
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(
            base_url=self._url,
            headers=headers,
            timeout=httpx.Timeout(SECONDS_TO_ANSWER, connect=SECONDS_TO_CONNECT),
            # Only the server that the settings name, and not by way of a proxy that they do not.
            trust_env=False,
        )
        self.dimensions = 0
        try:
            self.dimensions = self._ask(["dimensions"]).shape[1]
            self.name = f"{dialect.name}-{self._digest()}-{self.dimensions}"
        except EncoderUnavailable:
            self.close()
            raise

    def encode(self, texts: Sequence[str]) -> Vectors:
        return self._encoded([self._prefixes.passage + text for text in texts])

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self._encoded([self._prefixes.question + text for text in texts])

    def close(self) -> None:
        self._client.close()

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        batches = [self._ask(batch) for batch in _batches(texts)]
        return np.concatenate([np.empty((0, self.dimensions), np.float32), *batches])

    def _ask(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = self._client.post(
                self._dialect.path, json=self._dialect.request(self._model, texts)
            )
        except httpx.HTTPError as error:
            raise self._unavailable(f"does not answer ({type(error).__name__})") from error
        if answer.status_code != httpx.codes.OK:
            # What it says may repeat the texts, and they are not for logs.
            raise self._unavailable(f"answers with status {answer.status_code}")
        try:
            vectors = np.array(self._dialect.vectors(answer.content), np.float32)
        except ValueError as error:
            raise self._unavailable("answers in a form that is not understood") from error
        return self._checked(vectors, len(texts))

    def _checked(self, vectors: Vectors, count: int) -> Vectors:
        if vectors.ndim != 2 or len(vectors) != count:  # noqa: PLR2004  rows and columns
            raise self._unavailable(f"answers {count} texts with {len(vectors)} vectors")
        width = vectors.shape[1]
        if self.dimensions and width != self.dimensions:
            raise self._unavailable(
                f"answers with {width} dimensions, and the index was made with {self.dimensions}"
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not (lengths > 0).all():
            raise self._unavailable("answers with vectors that have no direction")
        return np.asarray(vectors / lengths, np.float32)

    def _digest(self) -> str:
        try:
            identity = self._dialect.identity(self._client, self._model)
        except (httpx.HTTPError, ValueError) as error:
            raise self._unavailable("does not say which model it has") from error
        parts = (self._url, self._model, identity, self._prefixes.question, self._prefixes.passage)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST_LENGTH]

    def _unavailable(self, problem: str) -> EncoderUnavailable:
        return EncoderUnavailable(f"The encoder {self._model} at {self._url} {problem}.")


class _OllamaVectors(BaseModel):
    embeddings: list[list[float]]


class _OllamaModel(BaseModel):
    name: str
    digest: str


class _OllamaModels(BaseModel):
    models: list[_OllamaModel]


class OllamaDialect:
    """https://docs.ollama.com/api: `/api/embed`; `/api/tags` names the digest of each model."""

    name = "ollama"
    path = "/api/embed"

    def request(self, model: str, texts: Sequence[str]) -> Request:
        return {"model": model, "input": list(texts), "truncate": True}

    def vectors(self, answer: bytes) -> Sequence[Sequence[float]]:
        return _OllamaVectors.model_validate_json(answer).embeddings

    def identity(self, client: httpx.Client, model: str) -> str:
        answer = client.get("/api/tags").raise_for_status().content
        names = (model, f"{model}:latest")
        models = _OllamaModels.model_validate_json(answer).models
        return next((one.digest for one in models if one.name in names), "")


class _OpenAiVector(BaseModel):
    index: int
    embedding: list[float]


class _OpenAiVectors(BaseModel):
    data: list[_OpenAiVector]


class OpenAiDialect:
    """https://platform.openai.com/docs/api-reference/embeddings: `/v1/embeddings`."""

    name = "openai"
    path = "/v1/embeddings"

    def request(self, model: str, texts: Sequence[str]) -> Request:
        return {"model": model, "input": list(texts), "encoding_format": "float"}

    def vectors(self, answer: bytes) -> Sequence[Sequence[float]]:
        # The order of the answer is not promised, the number of each is.
        data = _OpenAiVectors.model_validate_json(answer).data
        return [one.embedding for one in sorted(data, key=lambda one: one.index)]

    def identity(self, client: httpx.Client, model: str) -> str:
        return ""


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(texts), TEXTS_PER_CALL):
        yield texts[first : first + TEXTS_PER_CALL]
