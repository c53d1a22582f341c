"""A shard of Qdrant Edge on disk, which is replaced by an optimised copy of itself as it grows.

The engine holds the interpreter while it optimises, for half a minute and more: a process of its
own does that to a copy. What changes meanwhile is done to the copy as well, before it takes over.
"""

import asyncio
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

import structlog
from qdrant_edge import EdgeShard

from services.search.errors import IndexUnavailable
from services.search.formats.processes import memory_file, run_to_end

# Fewer points than this are compared one by one in about three milliseconds.
POINTS_WORTH_A_GRAPH = 20_000
# Or a large index would be copied again and again while it grows.
SHARE_WORTH_A_GRAPH = 0.2
# After a failure: the copy is as large as the index.
SECONDS_BETWEEN_TRIES = 600.0

_SECONDS_BETWEEN_LOOKS = 0.1
# A call takes milliseconds; one that was given up before it began is never counted down.
_LONGEST_CALL_SECONDS = 10.0
# A graph of what has a meaning, and the words, which count as indexed from the beginning.
_INDEXES_PER_POINT = 2
_COPY = "copy"

Create = Callable[[Path], EdgeShard]
_Result = TypeVar("_Result")
_log = structlog.get_logger()


@dataclass
class _Generation:
    """One state of the shard's files; `calls` are those under way."""

    number: int
    folder: Path
    shard: EdgeShard
    calls: int = 0


class Shard:
    """`folder` holds a numbered generation, for a moment two, and a copy while one is optimised.

    A process that ends between two of them leaves one that lacks the last changes; whoever opens it
    compares it with the store anyway.
    """

    def __init__(
        self, folder: Path, create: Create, *, points_worth_a_graph: int = POINTS_WORTH_A_GRAPH
    ) -> None:
        self._folder = folder
        self._create = create
        self._points_worth_a_graph = points_worth_a_graph
        self._current: _Generation | None = None
        self._opening = asyncio.Lock()
        self._changing = asyncio.Lock()
        self._counting = Lock()
        self._missed: list[Callable[[EdgeShard], object]] | None = None
        self._optimizing: asyncio.Task[None] | None = None
        self._next_try = 0.0
        self._points_when_optimized = 0

    async def open(self) -> None:
        """Makes the shard when there is none, or none that can be read. Idempotent."""
        async with self._opening:
            if self._current is None:
                self._current = await asyncio.to_thread(guarded, self._load_or_create)
                self._optimize_if_large()

    async def ask(self, call: Callable[[EdgeShard], _Result]) -> _Result:
        """Raises IndexUnavailable."""
        return await self._run(self._opened(), call)

    async def change(self, call: Callable[[EdgeShard], object]) -> None:
        """One at a time. `call` may be done a second time, to a copy. Raises IndexUnavailable."""
        async with self._changing:
            current = self._opened()
            # Before it is done: whoever stops waiting for it leaves it done all the same.
            if self._missed is not None:
                self._missed.append(call)
            await self._run(current, call)
        self._optimize_if_large()

    async def optimized(self) -> None:
        """Returns when no copy is being optimised."""
        if self._optimizing is not None:
            await asyncio.wait([self._optimizing])

    async def close(self) -> None:
        if self._optimizing is not None:
            self._optimizing.cancel()
            await asyncio.wait([self._optimizing])
        current, self._current = self._current, None
        if current is not None:
            await asyncio.to_thread(current.shard.close)

    def _opened(self) -> _Generation:
        if self._current is None:
            raise IndexUnavailable("the index is not open")
        return self._current

    async def _run(self, on: _Generation, call: Callable[[EdgeShard], _Result]) -> _Result:
        def counted() -> _Result:
            try:
                return guarded(call, on.shard)
            finally:
                with self._counting:
                    on.calls -= 1

        with self._counting:
            on.calls += 1
        return await asyncio.to_thread(counted)

    def _load_or_create(self) -> _Generation:
        self._folder.mkdir(parents=True, exist_ok=True)
        found = [path for path in self._folder.iterdir() if path.name.isdecimal()]
        newest = max(found, key=lambda path: int(path.name), default=self._folder / "1")
        for other in self._folder.iterdir():
            if other != newest:
                shutil.rmtree(other)
        number = int(newest.name)
        if newest.exists():
            try:
                return _Generation(number, newest, guarded(EdgeShard.load, str(newest)))
            except IndexUnavailable:
                _log.warning("index is unreadable and is made anew", exc_info=True)
                shutil.rmtree(newest)
        newest.mkdir()
        return _Generation(number, newest, self._create(newest))

    def _optimize_if_large(self) -> None:
        is_running = self._optimizing is not None and not self._optimizing.done()
        if not is_running and self._is_large():
            self._optimizing = asyncio.create_task(self._optimize())

    def _is_large(self) -> bool:
        if self._current is None or time.monotonic() < self._next_try:
            return False
        info = self._current.shard.info()
        waiting = _INDEXES_PER_POINT * info.points_count - info.indexed_vectors_count
        # The engine may leave some points without: they are no reason to begin again and again.
        added = info.points_count - self._points_when_optimized
        worth = max(self._points_worth_a_graph, info.points_count * SHARE_WORTH_A_GRAPH)
        return min(waiting, added) >= worth

    async def _optimize(self) -> None:
        copy = self._folder / _COPY
        try:
            # Much may have come while a copy was optimised.
            while self._is_large():
                async with self._changing:
                    old = self._opened()
                    self._points_when_optimized = old.shard.info().points_count
                    await asyncio.to_thread(guarded, _copy, old, copy)
                    self._missed = []
                await _optimized_elsewhere(copy)
                await self._take_over(old, copy)
        except (IndexUnavailable, OSError) as error:
            self._points_when_optimized = 0
            self._next_try = time.monotonic() + SECONDS_BETWEEN_TRIES
            _log.warning("index could not be optimized", error=str(error))
        finally:
            self._missed = None
            await asyncio.to_thread(shutil.rmtree, copy, ignore_errors=True)

    async def _take_over(self, old: _Generation, copy: Path) -> None:
        new = await asyncio.to_thread(guarded, _next_generation, old, copy)
        try:
            async with self._changing:
                for call in self._missed or ():
                    await self._run(new, call)
                self._missed = None
                self._current = new
        except BaseException:
            await asyncio.to_thread(_retire, new)
            raise
        _log.info("index is optimized", generation=new.number)
        await asyncio.to_thread(_retire, old)


def guarded(call: Callable[..., _Result], *arguments: object) -> _Result:
    """Raises IndexUnavailable for whatever the engine raises."""
    try:
        return call(*arguments)
    # A panic of the engine is not an Exception.
    except BaseException as error:
        raise IndexUnavailable(f"{type(error).__name__}: {error}") from error


def _copy(of: _Generation, to: Path) -> None:
    of.shard.flush()
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(of.folder, to)


def _next_generation(of: _Generation, copy: Path) -> _Generation:
    number = of.number + 1
    folder = copy.rename(copy.with_name(str(number)))
    try:
        return _Generation(number, folder, EdgeShard.load(str(folder)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _retire(one: _Generation) -> None:
    """When the last call is through."""
    latest = time.monotonic() + _LONGEST_CALL_SECONDS
    while one.calls and time.monotonic() < latest:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    one.shard.close()
    shutil.rmtree(one.folder, ignore_errors=True)


async def _optimized_elsewhere(folder: Path) -> None:
    """Raises IndexUnavailable."""
    command = [sys.executable, "-m", "services.search.edge_optimizing", str(folder)]
    with memory_file() as nothing, memory_file() as said:
        code = await run_to_end(command, nothing, said)
    if code != 0:
        raise IndexUnavailable(f"optimizing ended with {code}")
