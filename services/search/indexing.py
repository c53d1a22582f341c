"""Keeps an index like the store: after each change, and after whatever came between the two."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

import structlog

from services.mesh.caller import TenantId
from services.search.backlog import Backlog, Lag, Waiting
from services.search.domain import IndexedText
from services.search.errors import EncoderUnavailable, IndexUnavailable
from services.search.ports import DocumentStore, VectorIndex
from services.search.readers import curator
from services.search.revisions import Key, Revision, differences
from services.search.vectors import Vectors

SECONDS_BETWEEN_REPAIRS = 2.0

_log = structlog.get_logger()


class Indexing:
    """One index, and the only vectors that go into it or ask it.

    The store keeps one vector of a chunk: `keeps_vectors` is for the encoder that is to stay, and
    another's are made for the index alone.
    """

    def __init__(
        self,
        store: DocumentStore,
        index: VectorIndex,
        vectors: Vectors,
        *,
        keeps_vectors: bool = True,
    ) -> None:
        self.index = index
        self.vectors = vectors
        self._store = store
        self._keeps_vectors = keeps_vectors
        self._behind = Waiting()
        # Of the right revision as far as anybody knows, and yet to be written once more.
        self._rebuilding = Waiting()
        self._is_compared = False
        self._wants_comparison = True
        self._needs_repair = asyncio.Event()
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._users = 0
        self._is_idle = asyncio.Event()
        self._is_retired = False

    def is_behind(self, tenant_id: TenantId) -> bool:
        """Whether the index may lack something that the tenant has stored."""
        return not self._is_compared or self._behind.count_of(tenant_id) > 0

    @property
    def documents_behind(self) -> int | None:
        """Of all tenants; nothing is known before the first comparison."""
        return len(self._behind) if self._is_compared else None

    def backlog(self, tenant_id: TenantId) -> Backlog:
        return Backlog(
            self._behind.count_of(tenant_id),
            self._rebuilding.count_of(tenant_id),
            self._is_compared,
        )

    @property
    def lag(self) -> Lag:
        """Of all tenants together."""
        return Lag(
            len(self._behind), self._behind.oldest_seconds, len(self._rebuilding), self._is_compared
        )

    def rebuild(self, tenant_id: TenantId, document_ids: Iterable[str]) -> None:
        """Copies documents once more in the background; until then the index serves as it is."""
        self._rebuilding |= {(tenant_id, document_id) for document_id in document_ids}
        self._needs_repair.set()

    def doubt(self) -> None:
        """The index has failed; it is compared again before it is believed."""
        self._is_compared = False
        self._compare_soon()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Wraps a change and its copying; a change that breaks off half way is found again."""
        try:
            yield
        except BaseException:
            self._compare_soon()
            raise

    async def bring_up_to_date(self, tenant_id: TenantId, document_id: str) -> None:
        """Copies one document to the index, or notes that it has yet to be copied."""
        key = (tenant_id, document_id)
        turn = self._turns.setdefault(key, asyncio.Lock())
        with self.in_use():
            async with turn:
                try:
                    await self._copy(tenant_id, document_id)
                except (IndexUnavailable, EncoderUnavailable) as error:
                    _log.warning("index is behind", document_id=document_id, error=str(error))
                    self._behind |= {key}
                    self._compare_soon()
                else:
                    self._behind.discard(key)

    async def forget(self, tenant_id: TenantId) -> None:
        """Leaves nothing in the index of a tenant that the store no longer knows.

        Raises IndexUnavailable when that is not certain.
        """
        await self.index.open()
        for key in await self.index.revisions():
            if key[0] == tenant_id:
                await self.index.remove(*key)
        self._behind.forget(tenant_id)
        self._rebuilding.forget(tenant_id)

    async def compare(self) -> None:
        """Finds the documents of which the index holds something else than the store."""
        try:
            await self.index.open()
            indexed = await self.index.revisions()
        except IndexUnavailable as error:
            _log.warning("index is unavailable", error=str(error))
            self.doubt()
            return
        self._behind |= differences(await self._store.revisions(), indexed)
        self._is_compared = True
        self._wants_comparison = False
        if self._behind:
            _log.info("index is behind", documents=len(self._behind))
            self._needs_repair.set()

    async def keep_repairing(self, repair: Callable[[], Awaitable[None]] | None = None) -> None:
        self._needs_repair.set()
        while True:
            await self._needs_repair.wait()
            if self._is_retired:
                return
            self._needs_repair.clear()
            await (repair or self.repair)()
            if self._needs_repair.is_set():
                await asyncio.sleep(SECONDS_BETWEEN_REPAIRS)

    async def repair(self) -> None:
        """Compares when there is reason to, then copies what is behind until a copy fails."""
        with self.in_use():
            await self._repair()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if self._users == 0:
                self._is_idle.set()

    async def retire(self) -> None:
        """Closes the index and the encoder when the last who uses them has done."""
        self._is_retired = True
        self._needs_repair.set()
        while self._users:
            self._is_idle.clear()
            await self._is_idle.wait()
        await self.index.close()
        self.vectors.close()

    async def _repair(self) -> None:
        if self._wants_comparison:
            await self.compare()
        for tenant_id, document_id in sorted(self._behind) if self._is_compared else ():
            await self.bring_up_to_date(tenant_id, document_id)
            if (tenant_id, document_id) in self._behind:
                return
        for key in sorted(self._rebuilding) if self._is_compared else ():
            await self.bring_up_to_date(*key)
            if key in self._behind:
                return
            self._rebuilding.discard(key)

    def _compare_soon(self) -> None:
        self._wants_comparison = True
        self._needs_repair.set()

    async def _copy(self, tenant_id: TenantId, document_id: str) -> None:
        while True:
            text = await self._current(tenant_id, document_id)
            if text is None:
                await self.index.remove(tenant_id, document_id)
            else:
                await self.index.put(tenant_id, text)
            # Another process may have stored a version meanwhile and been overtaken here.
            # Or somebody may have changed who may read.
            if await self._revision(tenant_id, document_id) == (text.revision if text else None):
                return

    async def _current(self, tenant_id: TenantId, document_id: str) -> IndexedText | None:
        while True:
            async with self._store.reading(curator(tenant_id)) as documents:
                text = await documents.indexed_text(document_id)
            if text is None or text.is_of(self.vectors.recipe):
                return text
            embeddings = await self.vectors.of_chunks(text.title, text.chunks)
            if not self._keeps_vectors:
                return replace(text, embeddings=embeddings)
            # Another process may have stored a version meanwhile, with vectors of its encoder.
            async with self._store.transaction(curator(tenant_id)) as documents:
                await documents.keep_embeddings(embeddings)

    async def _revision(self, tenant_id: TenantId, document_id: str) -> Revision | None:
        async with self._store.reading(curator(tenant_id)) as documents:
            return await documents.revision_of(document_id)
