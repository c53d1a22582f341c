"""How rare words are in what a reader sees, counted again as documents change.

A count over hidden documents too would tell by the scores of others which words stand in them.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from services.mesh.caller import TenantId
from services.search.glossary import SOURCE_URI as GLOSSARY
from services.search.glossary import Glossary, glossary_of
from services.search.keywords import Frequencies, Terms
from services.search.ports import DocumentStore
from services.search.readers import Reader, View

MOST_VIEWS = 256
# Counting for a view takes at most this share of the time, however large and busy a tenant is.
SHARE_OF_TIME = 0.02
# Other processes may change documents too.
SECONDS_TO_BELIEVE = 600.0


@dataclass
class _Counted:
    frequencies: Frequencies
    glossary: Glossary
    at: float
    seconds: float
    is_outdated: bool = False

    def must_be_renewed(self, now: float) -> bool:
        age = now - self.at
        return (self.is_outdated and age * SHARE_OF_TIME > self.seconds) or age > SECONDS_TO_BELIEVE


@dataclass(frozen=True)
class Visible:
    """What of the articles helps to understand a question."""

    frequencies: Frequencies
    glossary: Glossary


class VisibleFrequencies:
    def __init__(self, store: DocumentStore, seconds: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._seconds = seconds
        self._counted: OrderedDict[View, _Counted] = OrderedDict()

    async def of(self, reader: Reader, view: View) -> Visible:
        """`view` is the reader's; who sees the same shares one count."""
        known = self._counted.get(view)
        if known is None or known.must_be_renewed(self._seconds()):
            known = await self._count(reader)
            self._counted[view] = known
        self._counted.move_to_end(view)
        while len(self._counted) > MOST_VIEWS:
            self._counted.popitem(last=False)
        return Visible(known.frequencies, known.glossary)

    def outdate(self, tenant_id: TenantId) -> None:
        for view, known in self._counted.items():
            if view.tenant_id == tenant_id:
                known.is_outdated = True

    def forget(self, tenant_id: TenantId) -> None:
        for view in [view for view in self._counted if view.tenant_id == tenant_id]:
            del self._counted[view]

    async def _count(self, reader: Reader) -> _Counted:
        begin = self._seconds()
        async with self._store.reading(reader) as documents:
            stored = await documents.terms()
            glossary = await documents.find_by_source_uri(GLOSSARY)
        passages = [Terms.from_bytes(terms) for _, terms in stored]
        frequencies = await asyncio.to_thread(Frequencies.of, passages)
        now = self._seconds()
        entries = glossary_of(glossary.content) if glossary else {}
        return _Counted(frequencies, entries, now, now - begin)
