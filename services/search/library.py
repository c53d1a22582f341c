"""What keeps documents and makes them searchable."""

from dataclasses import dataclass

from services.mesh.clock import Clock
from services.search.frequencies import VisibleFrequencies
from services.search.indexing import Indexing
from services.search.ports import DocumentStore
from services.search.vectors import Vectors


@dataclass(frozen=True)
class Library:
    store: DocumentStore
    vectors: Vectors
    indexing: Indexing
    frequencies: VisibleFrequencies
    clock: Clock
