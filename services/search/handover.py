"""Lets the index of an earlier encoder answer until that of the present one holds everything.

A question is encoded by whatever made the index that it is put to. Changes go to both meanwhile.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import structlog

from services.mesh.caller import TenantId
from services.search.backlog import Backlog, Lag
from services.search.errors import IndexUnavailable
from services.search.indexing import Indexing
from services.search.ports import DocumentStore, FindEncoder
from services.search.vectors import Vectors

_log = structlog.get_logger()


class Handover:
    """`find_encoder` is asked once, and only when there is an index that may still serve."""

    def __init__(self, store: DocumentStore, current: Indexing, find_encoder: FindEncoder) -> None:
        self._store = store
        self._current = current
        self._find_encoder = find_encoder
        self._previous: Indexing | None = None
        # What must not happen while an index comes or goes.
        self._changing = asyncio.Lock()
        # Whether there is a previous one; before that is known nothing may be dropped.
        self._is_known = asyncio.Event()
        self._is_over = False

    @contextmanager
    def serving(self, tenant_id: TenantId) -> Iterator[Indexing | None]:
        """The one to ask, which stays open meanwhile: the newest that lacks nothing of a tenant."""
        found = self._serving(tenant_id)
        if found is None:
            yield None
            return
        with found.in_use():
            yield found

    def serving_recipe(self, tenant_id: TenantId) -> str:
        """Empty while words alone are searched."""
        found = self._serving(tenant_id)
        return found.vectors.recipe if found else ""

    def backlog(self, tenant_id: TenantId) -> Backlog:
        return self._current.backlog(tenant_id)

    @property
    def lag(self) -> Lag:
        """Of the present encoder's index, and of all tenants together."""
        return self._current.lag

    def rebuild(self, tenant_id: TenantId, document_ids: Iterable[str]) -> None:
        self._current.rebuild(tenant_id, document_ids)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Wraps a change and its copying; a change that breaks off half way is found again."""
        with ExitStack() as stack:
            for one in self._all():
                stack.enter_context(one.following())
            yield

    async def bring_up_to_date(self, tenant_id: TenantId, document_id: str) -> None:
        await self._current.bring_up_to_date(tenant_id, document_id)
        # Asked for afterwards: it may have gone meanwhile.
        if self._previous is not None:
            await self._previous.bring_up_to_date(tenant_id, document_id)

    async def forget(self, tenant_id: TenantId) -> None:
        """Raises IndexUnavailable when it is not certain that nothing of the tenant is left."""
        async with self._changing:
            if not self._is_known.is_set():
                await self._compare()
            if not self._is_known.is_set():
                raise IndexUnavailable("nobody knows yet which indexes there are")
            for one in self._all():
                await one.forget(tenant_id)
            # Those that nobody can ask any more hold something of the tenant as well.
            kept = {self._previous.vectors.recipe} if self._previous else frozenset()
            await self._current.index.drop_others(kept)

    async def compare(self) -> None:
        async with self._changing:
            await self._compare()

    async def repair(self) -> None:
        """Makes each like the store, as far as that goes, and lets the new one take over."""
        async with self._changing:
            if not self._is_known.is_set():
                await self._compare()
        if not self._is_known.is_set():
            return
        if self._previous is not None:
            await self._previous.repair()
        await self._current.repair()
        async with self._changing:
            await self._take_over()

    async def keep_repairing(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            # The one that answers is kept right all the while: filling the other takes hours.
            tasks.create_task(self._keep_repairing_previous())
            await self._current.keep_repairing(self.repair)

    async def close(self) -> None:
        """The present index and its encoder are closed by those who made them."""
        if self._previous is not None:
            await self._previous.retire()

    def _all(self) -> list[Indexing]:
        return [one for one in (self._current, self._previous) if one is not None]

    def _serving(self, tenant_id: TenantId) -> Indexing | None:
        return next((one for one in self._all() if not one.is_behind(tenant_id)), None)

    async def _compare(self) -> None:
        for one in self._all():
            await one.compare()
        if self._is_known.is_set() or self._current.documents_behind is None:
            return
        try:
            if self._current.documents_behind:
                self._previous = await self._find_previous()
        except IndexUnavailable as error:
            _log.warning("earlier indexes are unavailable", error=str(error))
            self._current.doubt()
            return
        self._is_known.set()

    async def _find_previous(self) -> Indexing | None:
        for recipe in sorted(await self._current.index.other_recipes()):
            encoder = await asyncio.to_thread(self._find_encoder, recipe)
            if encoder is None:
                _log.warning("index has lost its encoder and serves no more", recipe=recipe)
                continue
            index = self._current.index.beside(recipe, encoder.dimensions)
            found = Indexing(self._store, index, Vectors(encoder), keeps_vectors=False)
            await found.compare()
            if _lacks_less(found, self._current):
                _log.info("index of an earlier encoder serves meanwhile", recipe=recipe)
                return found
            await found.retire()
        return None

    async def _keep_repairing_previous(self) -> None:
        await self._is_known.wait()
        if self._previous is not None:
            await self._previous.keep_repairing()

    async def _take_over(self) -> None:
        if self._is_over or not self._is_known.is_set() or self._current.documents_behind != 0:
            return
        if self._previous is not None:
            # Other processes may have stored something that this one was never told of.
            await self._current.compare()
            await self._current.repair()
            if self._current.documents_behind != 0:
                return
        previous, self._previous = self._previous, None
        if previous is not None:
            await previous.retire()
            _log.info("index has taken over", recipe=self._current.vectors.recipe)
        with suppress(IndexUnavailable):
            await self._current.index.drop_others()
            self._is_over = True


def _lacks_less(one: Indexing, other: Indexing) -> bool:
    lacks, other_lacks = one.documents_behind, other.documents_behind
    return lacks is not None and other_lacks is not None and lacks < other_lacks
