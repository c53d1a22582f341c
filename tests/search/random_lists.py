"""Documents with random lists, random readers, and what each reader ought to be answered.

The right answer is worked out by hand over the permitted documents alone. An index that filters
afterwards would give too short a one, an index that does not filter a forbidden one.
"""

import random
from dataclasses import dataclass

import numpy as np
import pytest
from qdrant_client import models
from qdrant_edge import Filter

from services.search.domain import Embedding, IndexedText
from services.search.index_edge import EdgeIndex
from services.search.index_server import QdrantServerIndex
from services.search.keywords import Frequencies, Overlap, Terms, question_terms
from services.search.ports import Vector, VectorIndex
from services.search.readers import EVERYBODY, Reader, Readers, View
from services.search.words import question_words
from tests.search.builders import (
    ACME,
    DIMENSIONS,
    GLOBEX,
    SEES_ALL,
    a_vector,
    an_indexed_text,
    nearest,
)

DOCUMENTS, READERS, LIMIT = 200, 30, 10
ROLES = ("agent", "lead", "legal", "customer")
CATEGORIES = ("", "hr", "network", "printing", "security")
WORDS = "printer ink paper tray jam vpn password token badge door laptop dock mouse".split()  # noqa: SIM905


class EdgeWithoutReaders(EdgeIndex):
    def _visible(self, view: View) -> Filter:
        return super()._visible(View(view.tenant_id, sees_all=True))


class ServerWithoutReaders(QdrantServerIndex):
    def _visible(self, view: View) -> models.Filter:
        return super()._visible(View(view.tenant_id, sees_all=True))


@dataclass(frozen=True)
class Asker:
    reader: Reader
    view: View


@dataclass(frozen=True)
class World:
    texts: list[IndexedText]
    category_lists: dict[str, Readers]
    askers: list[Asker]

    def permitted(self, reader: Reader) -> list[Embedding]:
        """Told from the lists alone, without the view that the index is asked with."""
        return [
            embedding
            for text in self.texts
            if reader.is_admitted_by(text.readers)
            and reader.is_admitted_by(self.category_lists.get(text.category, EVERYBODY))
            for embedding in text.embeddings
        ]


def a_list(chance: random.Random) -> Readers:
    roles = chance.sample(ROLES, chance.choice((0, 0, 1, 2)))
    users = [f"user-{chance.randrange(READERS)}" for _ in range(chance.choice((0, 0, 1, 3)))]
    return Readers.of(roles, users)


def a_meaning(chance: random.Random) -> list[float]:
    return [chance.gauss(0, 1) for _ in range(DIMENSIONS)]


def a_world(chance: random.Random) -> World:
    texts = [
        an_indexed_text(
            *(
                (" ".join(chance.choices(WORDS, k=chance.randint(2, 12))) + ".", a_meaning(chance))
                for _ in range(chance.randint(1, 4))
            ),
            category=chance.choice(CATEGORIES),
            readers=a_list(chance),
        )
        for _ in range(DOCUMENTS)
    ]
    lists = {category: a_list(chance) for category in CATEGORIES if category}
    named = frozenset[str]().union(*(text.readers.keys for text in texts))
    askers = []
    for number in range(READERS):
        roles = chance.sample(ROLES, chance.choice((0, 1, 1, 2)))
        keys = Readers.of(roles, [f"user-{number}"]).keys
        reader = Reader(ACME, keys, sees_all=number == 0)
        closed = {name for name, readers in lists.items() if not reader.is_admitted_by(readers)}
        view = View(ACME, keys & named, frozenset(closed))
        askers.append(Asker(reader, SEES_ALL if reader.sees_all else view))
    return World(texts, lists, askers)


@dataclass
class Score:
    forbidden: int = 0
    short_or_other: int = 0
    hidden: int = 0


async def ask_all(index: VectorIndex, world: World, chance: random.Random, questions: int) -> Score:
    """Asks the index, and works the right answers out by hand."""
    every = [embedding for text in world.texts for embedding in text.embeddings]
    score = Score()
    for _ in range(questions):
        asker = chance.choice(world.askers)
        permitted = world.permitted(asker.reader)
        ids = {one.chunk_id for one in permitted}
        score.hidden += len(every) - len(ids)
        vector = a_vector(*a_meaning(chance))
        frequencies = Frequencies.of([Terms.from_bytes(one.terms) for one in permitted])
        asked = question_terms(question_words(" ".join(chance.sample(WORDS, 3))), frequencies)
        near = await nearest(index, asker.view, vector, LIMIT)
        with_words = await index.by_keywords(asker.view, asked, LIMIT)
        both = await index.candidates(asker.view, vector, asked, LIMIT)
        found = {hit.chunk_id for hit in [*near, *with_words]} | both.keys()
        score.forbidden += len(found - ids)
        right = (
            [hit.score for hit in near] == pytest.approx(cosines(permitted, vector), abs=1e-4)
            and [hit.score for hit in with_words]
            == pytest.approx(points(permitted, asked), rel=1e-3)
            and [*both.values()][:LIMIT] == pytest.approx(cosines(permitted, vector), abs=1e-4)
            # Of those that score alike, either may be among the best.
            and len(both) >= len(near)
            and await index.count(asker.view) == len(ids)
        )
        score.short_or_other += not right
    return score


def cosines(permitted: list[Embedding], vector: Vector) -> list[float]:
    every = [float(vector @ np.frombuffer(one.meaning, "<f4")) for one in permitted]
    return sorted(every, reverse=True)[:LIMIT]


def points(permitted: list[Embedding], asked: Terms) -> list[float]:
    every = Overlap.of(asked, [Terms.from_bytes(one.terms) for one in permitted]).scores()
    return sorted((float(one) for one in every if one > 0), reverse=True)[:LIMIT]


async def filled(index: VectorIndex, world: World) -> VectorIndex:
    for text in world.texts:
        await index.put(ACME, text)
        # The same words and lists next door, where nobody of ours may look.
        await index.put(GLOBEX, an_indexed_text((text.chunks[0].text, (1, 0))))
    return index
