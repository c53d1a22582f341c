"""Keeps one process alive: starts it, watches its health, starts it again when it dies."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import replace

from services.cli.supervisor.backoff import CONFIGURATION_EXIT_CODES, Backoff
from services.cli.supervisor.child import Child, LogLine
from services.cli.supervisor.health import Probe
from services.cli.supervisor.logs import SUPERVISOR
from services.cli.supervisor.processes import Process
from services.cli.supervisor.state import ProcessState

_EAGER_SECONDS = 0.1
_CALM_SECONDS = 1.0


class GivenUp(Exception):
    """The process cannot be brought to run; the message says so in a line."""


class Keeper:
    def __init__(
        self,
        process: Process,
        probe: Probe,
        *,
        run_id: str,
        log: LogLine,
        changed: Callable[[ProcessState], None],
    ) -> None:
        self.process = process
        self.state = ProcessState(process.name, process.address)
        self.ready = asyncio.Event()
        self._probe = probe
        self._run_id = run_id
        self._log = log
        self._changed = changed
        self._child: Child | None = None
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    async def keep(self) -> None:
        """Runs until stopped. Raises GivenUp when starting again is of no use."""
        self._task = asyncio.current_task()
        backoff = Backoff()
        while not self._is_stopping:
            began = time.monotonic()
            exit_code = await self._live(backoff)
            if self._is_stopping:
                return
            alive = time.monotonic() - began
            wait = backoff.after_death(alive)
            how = f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
            if backoff.is_hopeless(exit_code):
                raise GivenUp(self._epitaph(exit_code, how))
            self._log(SUPERVISOR, f"{self.process.name} died ({how}), again in {wait:.1f} s")
            await asyncio.sleep(wait)

    async def stop(self, timeout_seconds: float) -> None:
        """Asks the process to end, and kills it when it has not by then."""
        self._is_stopping = True
        if self._child is not None:
            self._child.terminate()
        if self._task is not None and not self._task.done():
            _, pending = await asyncio.wait([self._task], timeout=timeout_seconds)
            if pending and self._child is not None:
                self._log(SUPERVISOR, f"{self.process.name} does not stop, killing it")
                self._child.kill()
                await asyncio.wait([self._task], timeout=timeout_seconds)
            self._task.cancel()
        await self._probe.close()

    async def _live(self, backoff: Backoff) -> int:
        child = await Child.start(self.process, self._log, self._run_id, os.environ)
        self._child = child
        if self._is_stopping:
            child.terminate()
        self._change(
            pid=child.pid,
            start_time=child.start_time,
            restarts=self.state.restarts + (1 if self.state.pid else 0),
        )
        watch = asyncio.create_task(self._watch(backoff))
        try:
            return await child.ended()
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            child.kill()
            self._change(is_serving=False)

    async def _watch(self, backoff: Backoff) -> None:
        served = False
        began = time.monotonic()
        while True:
            is_serving = await self._probe.is_serving()
            if is_serving != self.state.is_serving:
                self._change(is_serving=is_serving)
                if not self._is_stopping:
                    words = _words(is_serving, served, time.monotonic() - began)
                    self._log(SUPERVISOR, f"{self.process.name} {words}")
                served = True
            if is_serving:
                backoff.was_ready = True
                self.ready.set()
            await asyncio.sleep(_CALM_SECONDS if is_serving else _EAGER_SECONDS)

    def _change(self, **fields: object) -> None:
        self.state = replace(self.state, **fields)  # type: ignore[arg-type]
        self._changed(self.state)

    def _epitaph(self, exit_code: int, how: str) -> str:
        if exit_code in CONFIGURATION_EXIT_CODES:
            return f"{self.process.name} refuses its settings ({how})"
        return f"{self.process.name} died again and again before it was ready ({how})"


def _words(is_serving: bool, served: bool, seconds: float) -> str:
    if not is_serving:
        return "does not serve any more"
    return "serves again" if served else f"serves after {seconds:.1f} s"
