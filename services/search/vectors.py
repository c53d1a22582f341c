"""Turns chunks and questions into vectors, in threads, so that the event loop stays free."""

import asyncio
from collections.abc import Iterator, Sequence

import numpy as np

from services.search.domain import Chunk, Embedding
from services.search.keywords import VERSION, terms_of
from services.search.markdown import plain
from services.search.ports import Encoder, Vector
from services.search.questions import QuestionVectors

# Small enough that a question never waits long behind a large document.
TEXTS_PER_BATCH = 32


class Vectors:
    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._questions = QuestionVectors(encoder.encode_questions)
        self.recipe = recipe_of(encoder.name)

    async def of_question(self, question: str) -> Vector:
        return await self._questions.of(question)

    async def of_texts(self, texts: Sequence[str]) -> Vector:
        """What questions are compared with one another by; nothing is remembered."""
        batches = [
            await asyncio.to_thread(self._encoder.encode_questions, texts[first:end])
            for first, end in _ranges(len(texts))
        ]
        return np.concatenate(batches)

    async def of_chunks(self, title: str, chunks: Sequence[Chunk]) -> list[Embedding]:
        embeddings: list[Embedding] = []
        for first, end in _ranges(len(chunks)):
            embeddings += await asyncio.to_thread(self._embed, title, chunks[first:end])
        return embeddings

    def close(self) -> None:
        self._encoder.close()

    def _embed(self, title: str, chunks: Sequence[Chunk]) -> list[Embedding]:
        texts = [searchable_text(title, chunk) for chunk in chunks]
        meanings = self._encoder.encode(texts)
        return [
            Embedding(chunk.chunk_id, self.recipe, _bytes(meaning), bytes(terms_of(text)))
            for chunk, text, meaning in zip(chunks, texts, meanings, strict=True)
        ]


def recipe_of(encoder_name: str) -> str:
    return f"{encoder_name}-words-{VERSION}"


def _ranges(count: int) -> Iterator[tuple[int, int]]:
    for first in range(0, count, TEXTS_PER_BATCH):
        yield first, first + TEXTS_PER_BATCH


def searchable_text(title: str, chunk: Chunk) -> str:
    """The chunk without Markdown, under what a reader of the page would have read above it."""
    headings = ": ".join(heading for heading in chunk.headings if heading != title)
    return "\n".join(part for part in (title, headings, chunk.lead, plain(chunk.text)) if part)


def _bytes(vector: Vector) -> bytes:
    return np.asarray(vector, dtype="<f4").tobytes()
