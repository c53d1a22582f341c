"""Small processes and probes to supervise instead of the mesh."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.supervisor.child import start_time
from services.cli.supervisor.health import Probe
from services.cli.supervisor.processes import Health, HttpHealth, Process
from services.cli.supervisor.state import StateFile
from services.cli.supervisor.supervisor import Supervisor

SERVE = """
import os, pathlib, signal, sys, time
pathlib.Path({file!r}).write_text(str(os.getpid()))
def leave(*_):
    print({name!r}, "leaves", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, {on_term})
print({name!r}, "is here", flush=True)
{more}
while True:
    time.sleep(60)
"""


@dataclass
class Bench:
    """A folder with dummy processes, their log, and a supervisor over them."""

    folder: Path
    lines: list[tuple[str, str]] = field(default_factory=list)

    def serving(
        self, name: str, *depends_on: str, on_term: str = "leave", more: str = ""
    ) -> Process:
        code = SERVE.format(file=str(self.file(name)), name=name, on_term=on_term, more=more)
        return self.process(name, code, *depends_on)

    def process(self, name: str, code: str, *depends_on: str) -> Process:
        return Process(
            name=name,
            arguments=("-c", code),
            ports=(),
            health=HttpHealth(0, str(self.file(name))),
            depends_on=depends_on,
        )

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.pid"

    def pid(self, name: str) -> int:
        return int(self.file(name).read_text())

    def supervisor(self, processes: Sequence[Process]) -> Supervisor:
        return Supervisor(
            processes,
            prober=file_probe,
            state_file=StateFile(self.folder),
            log=lambda name, line: self.lines.append((name, line)),
            run_id=f"run-{self.folder.name}",
            addresses={"http": "http://127.0.0.1:1"},
        )


class FileProbe:
    """A process serves when it has written its pid down and still lives."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def is_serving(self) -> bool:
        try:
            return start_time(int(self._file.read_text())) is not None
        except (OSError, ValueError):
            return False

    async def close(self) -> None:
        return None


def file_probe(health: Health) -> Probe:
    assert isinstance(health, HttpHealth)
    return FileProbe(Path(health.path))


async def eventually(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 5.0) -> float:
    """Waits until it holds; returns how long that took. Fails after the seconds given."""
    began = time.monotonic()
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return time.monotonic() - began
        assert time.monotonic() - began < seconds, "it never held"
        await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    return start_time(pid) is not None


def environment(data: Path, **settings: str) -> dict[str, str]:
    """For commands in a process of their own: no settings but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    return {**kept, "HELPDESK_DATA": str(data), "NO_COLOR": "1", **settings}


HELPDESK = (sys.executable, "-m", "services.cli")
