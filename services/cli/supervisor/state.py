"""What runs, written where every command finds it: `<data>/run/state.json`."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path


class Phase(StrEnum):
    STARTING = "starting"
    SEEDING = "seeding"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(frozen=True)
class ProcessState:
    name: str
    address: str
    pid: int = 0
    start_time: float = 0.0
    is_serving: bool = False
    restarts: int = 0


@dataclass(frozen=True)
class RunState:
    """`addresses` are http, https, docs and health; `progress` is what happens now."""

    run_id: str
    pid: int
    start_time: float
    phase: Phase
    addresses: dict[str, str] = field(default_factory=dict)
    processes: tuple[ProcessState, ...] = ()
    certificate_authority: str = ""
    progress: str = ""
    error: str = ""

    def process(self, name: str) -> ProcessState:
        return next(process for process in self.processes if process.name == name)

    def with_process(self, changed: ProcessState) -> "RunState":
        return replace(
            self,
            processes=tuple(changed if p.name == changed.name else p for p in self.processes),
        )


class StateFile:
    def __init__(self, data: Path) -> None:
        self._folder = data / "run"
        self._file = self._folder / "state.json"

    def read(self) -> RunState | None:
        """Returns the last state; None when there is none, or none that can be read."""
        try:
            fields = json.loads(self._file.read_text())
            processes = tuple(ProcessState(**process) for process in fields.pop("processes"))
            phase = Phase(fields.pop("phase"))
            return RunState(**fields, phase=phase, processes=processes)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, state: RunState) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(state), indent=2) + "\n")
        draft.replace(self._file)

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Holds the data folder for one supervisor; yields whether it could be had.

        The kernel lets go of it when the holder dies, however it dies.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                flock(handle, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                flock(handle, LOCK_UN)
        finally:
            os.close(handle)

    def is_locked(self) -> bool:
        """Whether a supervisor runs on this data folder."""
        with self.lock() as free:
            return not free
