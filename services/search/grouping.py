"""Puts texts that mean alike together."""

import asyncio
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.search.ports import Vector
from services.search.vectors import Vectors

# Two wordings of one question are mostly nearer than this, two questions of one subject further.
LEAST_SIMILARITY = 0.6

Groups = list[list[int]]


async def group_texts(vectors: Vectors, texts: Sequence[str]) -> Groups:
    """Places of the texts, in groups by size; in each the text nearest to the others is first."""
    return await asyncio.to_thread(_grouped, await vectors.of_texts(texts))


def _grouped(meanings: Vector) -> Groups:
    near = meanings @ meanings.T >= LEAST_SIMILARITY
    left = np.ones(len(meanings), dtype=bool)
    groups: Groups = []
    # Whoever has most neighbours that are in no group yet takes them all: nothing is chained
    # from one to the next until the ends mean something else.
    while left.any():
        counts = np.where(left, (near & left).sum(axis=1), 0)
        members = np.flatnonzero(near[int(counts.argmax())] & left)
        left[members] = False
        groups.append(_central_first(meanings, members))
    return sorted(groups, key=lambda group: (-len(group), min(group)))


def _central_first(meanings: Vector, members: npt.NDArray[np.intp]) -> list[int]:
    total = meanings[members].sum(axis=0)
    order = np.argsort(-(meanings[members] @ total), kind="stable")
    return [int(place) for place in members[order]]
