"""Runs the whole table: everything starts at once, readiness is reported when all serve."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace

from services.cli.supervisor.child import LogLine, start_time
from services.cli.supervisor.health import Prober
from services.cli.supervisor.keeper import GivenUp, Keeper
from services.cli.supervisor.logs import SUPERVISOR
from services.cli.supervisor.processes import Process, stop_order
from services.cli.supervisor.state import Phase, ProcessState, RunState, StateFile

STOP_SECONDS = 10.0
READY_SECONDS = 60.0


class StartFailed(Exception):
    """The mesh did not become ready. `process` is the one to blame, if one is."""

    def __init__(self, message: str, process: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.process = process


class Supervisor:
    def __init__(
        self,
        processes: Sequence[Process],
        *,
        prober: Prober,
        state_file: StateFile,
        log: LogLine,
        run_id: str,
        addresses: dict[str, str],
        certificate_authority: str = "",
    ) -> None:
        self.stopping = asyncio.Event()
        self.state = RunState(
            run_id=run_id,
            pid=os.getpid(),
            start_time=start_time(os.getpid()) or 0.0,
            phase=Phase.STARTING,
            addresses=addresses,
            processes=tuple(ProcessState(p.name, p.address) for p in processes),
            certificate_authority=certificate_authority,
        )
        self._processes = processes
        self._log = log
        self._state_file = state_file
        self._keepers = {
            process.name: Keeper(
                process,
                prober(process.health),
                run_id=run_id,
                log=log,
                changed=self._process_changed,
            )
            for process in processes
        }
        self._tasks: dict[asyncio.Task[None], str] = {}

    async def start(self, timeout_seconds: float = READY_SECONDS) -> float:
        """Starts everything and returns the seconds until all served.

        Raises StartFailed, and asyncio.CancelledError when `stopping` was set meanwhile.
        """
        began = time.monotonic()
        self._write()
        # Any order works, as every process waits for what it needs; so none waits for another here.
        self._tasks = {
            asyncio.create_task(keeper.keep()): name for name, keeper in self._keepers.items()
        }
        ready = asyncio.create_task(self._all_ready())
        stopping = asyncio.create_task(self.stopping.wait())
        await asyncio.wait(
            [ready, stopping, *self._tasks],
            timeout=timeout_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        is_ready, is_stopping = ready.done(), stopping.done()
        ready.cancel()
        stopping.cancel()
        self._raise_given_up()
        if is_stopping:
            raise asyncio.CancelledError
        if not is_ready:
            late = ", ".join(n for n, keeper in self._keepers.items() if not keeper.ready.is_set())
            raise StartFailed(f"not ready after {timeout_seconds:.0f} s: {late}")
        return time.monotonic() - began

    async def watch(self) -> None:
        """Returns when `stopping` is set. Raises StartFailed when a process is given up."""
        stopping = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([stopping, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not self.stopping.is_set():
            self._raise_given_up()

    async def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """Ends all processes, each before those that it depends on."""
        self.tell(phase=Phase.STOPPING, progress="")
        deadline = time.monotonic() + timeout_seconds
        for group in stop_order(self._processes):
            left = max(deadline - time.monotonic(), 0.5)
            await asyncio.gather(*(self._keepers[p.name].stop(left) for p in group))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(
        self, *, phase: Phase | None = None, progress: str | None = None, error: str = ""
    ) -> None:
        """Writes down how far things are."""
        self.state = replace(
            self.state,
            phase=self.state.phase if phase is None else phase,
            progress=self.state.progress if progress is None else progress,
            error=error or self.state.error,
        )
        self._write()

    async def _all_ready(self) -> None:
        for keeper in self._keepers.values():
            await keeper.ready.wait()

    def _raise_given_up(self) -> None:
        for task, name in self._tasks.items():
            if task.done() and not task.cancelled() and (error := task.exception()):
                if isinstance(error, GivenUp):
                    raise StartFailed(str(error), name)
                raise error

    def _process_changed(self, process: ProcessState) -> None:
        self.state = self.state.with_process(process)
        self._write()

    def _write(self) -> None:
        try:
            self._state_file.write(self.state)
        except OSError as error:
            # A full disk must not take down what runs; the next change is written again.
            self._log(SUPERVISOR, f"cannot write down what runs: {error.strerror}")
