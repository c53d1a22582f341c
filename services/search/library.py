"""What keeps documents and makes them searchable."""

from dataclasses import dataclass

from services.mesh.clock import Clock
from services.search.frequencies import VisibleFrequencies
from services.search.handover import Handover
from services.search.ports import DocumentStore
from services.search.vectors import Vectors


@dataclass(frozen=True)
class Library:
    store: DocumentStore
    vectors: Vectors
    indexing: Handover
    frequencies: VisibleFrequencies
    clock: Clock
