"""How rare words are in what a reader sees, counted again as documents change.

A count over hidden documents too would tell by the scores of others which words stand in them.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.mesh.caller import TenantId
from services.mesh.clock import Clock, utc_now
from services.search.glossary import SOURCE_URI as GLOSSARY
from services.search.glossary import Glossary, glossary_of
from services.search.keywords import Frequencies, Terms
from services.search.languages import languages_of
from services.search.ports import DocumentStore
from services.search.readers import Reader, View

MOST_VIEWS = 256
MOST_READERS = 4096
# Counting for a view takes at most this share of the time, however large and busy a tenant is.
SHARE_OF_TIME = 0.02
# Other processes may change documents too.
SECONDS_TO_BELIEVE = 600.0
# So late at most does a question notice a list that another process changed, or a date that came.
# What it finds is held against lists and dates of its own moment all the same.
VIEW_LIFE = timedelta(seconds=1)


@dataclass
class _Counted:
    frequencies: Frequencies
    languages: frozenset[str]
    glossary: Glossary
    at: float
    seconds: float
    is_outdated: bool = False

    def must_be_renewed(self, now: float) -> bool:
        age = now - self.at
        return (self.is_outdated and age * SHARE_OF_TIME > self.seconds) or age > SECONDS_TO_BELIEVE


@dataclass(frozen=True)
class _Seen:
    view: View
    at: datetime


@dataclass(frozen=True)
class Visible:
    """What a reader sees, and what of it helps to understand a question."""

    view: View
    frequencies: Frequencies
    languages: frozenset[str]
    glossary: Glossary


class VisibleFrequencies:
    def __init__(
        self,
        store: DocumentStore,
        seconds: Callable[[], float] = time.monotonic,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._clock = clock
        self._counted: OrderedDict[View, _Counted] = OrderedDict()
        self._seen: OrderedDict[Reader, _Seen] = OrderedDict()
        self._changes: Counter[TenantId] = Counter()

    async def of(self, reader: Reader) -> Visible:
        """Who sees the same shares one count."""
        view = await self._view(reader)
        known = self._counted.get(view)
        if known is None or known.must_be_renewed(self._seconds()):
            known = await self._count(reader)
            self._counted[view] = known
        self._counted.move_to_end(view)
        while len(self._counted) > MOST_VIEWS:
            self._counted.popitem(last=False)
        return Visible(view, known.frequencies, known.languages, known.glossary)

    def outdate(self, tenant_id: TenantId) -> None:
        self._forget_views(tenant_id)
        for view, known in self._counted.items():
            if view.tenant_id == tenant_id:
                known.is_outdated = True

    def forget(self, tenant_id: TenantId) -> None:
        self._forget_views(tenant_id)
        for view in [view for view in self._counted if view.tenant_id == tenant_id]:
            del self._counted[view]

    async def _view(self, reader: Reader) -> View:
        now, changes = self._clock(), self._changes[reader.tenant_id]
        known = self._seen.get(reader)
        if known is not None and timedelta() <= now - known.at < VIEW_LIFE:
            return known.view
        async with self._store.reading(reader) as documents:
            view = await documents.view()
        # What has changed meanwhile may be missing in it.
        if changes == self._changes[reader.tenant_id]:
            self._seen[reader] = _Seen(view, now)
            self._seen.move_to_end(reader)
            if len(self._seen) > MOST_READERS:
                self._seen.popitem(last=False)
        return view

    def _forget_views(self, tenant_id: TenantId) -> None:
        self._changes[tenant_id] += 1
        for reader in [reader for reader in self._seen if reader.tenant_id == tenant_id]:
            del self._seen[reader]

    async def _count(self, reader: Reader) -> _Counted:
        begin = self._seconds()
        async with self._store.reading(reader) as documents:
            stored = await documents.terms()
            glossary = await documents.find_by_source_uri(GLOSSARY)
        passages = [Terms.from_bytes(terms) for _, terms in stored]
        frequencies = await asyncio.to_thread(Frequencies.of, passages)
        now = self._seconds()
        entries = glossary_of(glossary.content) if glossary else {}
        return _Counted(frequencies, languages_of(frequencies), entries, now, now - begin)
