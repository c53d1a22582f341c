"""Articles in any number, as much like real ones as a measurement of speed needs them.

Their words come from the demo articles and their vectors lie around the real ones, so that words
are common and rare, and neighbours near and far, in the usual proportions.
"""

import random
from collections.abc import Iterator, Sequence

import numpy as np

from services.mesh.ids import new_id
from services.mesh.settings import REPOSITORY
from services.search.chunks import passages_of
from services.search.domain import Chunk, Embedding
from services.search.keywords import terms_of
from services.search.markdown import blocks_of, front_matter, plain
from services.search.ports import Vector
from services.search.vectors import Vectors

ARTICLES = REPOSITORY / "infra" / "demo"
CHUNKS_PER_ARTICLE = 20
# Of a unit vector: two chunks around the same real one have a cosine of about 0.7.
_SPREAD = 0.65
_SENTENCES_PER_CHUNK = 6


class SyntheticArticles:
    """Deterministic by its seed."""

    def __init__(self, sentences: Sequence[str], meanings: Vector, recipe: str, seed: int) -> None:
        self._sentences = sentences
        self._meanings = meanings
        self._recipe = recipe
        self._random = random.Random(seed)  # noqa: S311  the same articles each time
        self._noise = np.random.default_rng(seed)

    def article(self) -> tuple[str, list[Chunk], list[Embedding]]:
        """The content, its chunks with places in it, and their vectors."""
        texts = [
            " ".join(self._random.sample(self._sentences, _SENTENCES_PER_CHUNK))
            for _ in range(CHUNKS_PER_ARTICLE)
        ]
        chunks = list(_placed(texts))
        near = self._meanings[[self._random.randrange(len(self._meanings)) for _ in texts]]
        noise = self._noise.standard_normal(near.shape, dtype=np.float32)
        noise *= _SPREAD / np.linalg.norm(noise, axis=1, keepdims=True)
        meanings = near + noise
        meanings /= np.linalg.norm(meanings, axis=1, keepdims=True)
        embeddings = [
            Embedding(
                chunk.chunk_id, self._recipe, meaning.astype("<f4").tobytes(), bytes(terms_of(text))
            )
            for chunk, text, meaning in zip(chunks, texts, meanings, strict=True)
        ]
        return "\n\n".join(texts), chunks, embeddings

    def question(self) -> str:
        """Some words of one sentence, never twice the same."""
        words = self._random.choice(self._sentences).split()
        kept = sorted(self._random.sample(range(len(words)), min(len(words), 9)))
        return " ".join([*(words[place] for place in kept), str(self._random.randrange(10**6))])


async def synthetic_articles(vectors: Vectors, seed: int) -> SyntheticArticles:
    chunks: list[Chunk] = []
    sentences: list[str] = []
    for file in sorted(ARTICLES.rglob("*.md")):
        content = file.read_text()
        for passage in passages_of(content, blocks_of(content, front_matter(content).end)):
            text = content[passage.start : passage.end]
            chunks.append(Chunk(new_id(), "", 1, 0, passage.headings, "", text, 0, len(text)))
            sentences += [part for part in plain(text).split(". ") if len(part.split()) > 4]
    embeddings = await vectors.of_chunks("", chunks)
    meanings = np.stack([np.frombuffer(one.meaning, "<f4") for one in embeddings])
    return SyntheticArticles(sorted(set(sentences)), meanings, vectors.recipe, seed)


def _placed(texts: Sequence[str]) -> Iterator[Chunk]:
    start = 0
    for position, text in enumerate(texts):
        yield Chunk(new_id(), "", 1, position, (), "", text, start, start + len(text))
        start += len(text) + 2
