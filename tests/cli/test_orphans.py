"""What happens when the supervisor itself is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from services.cli.supervisor.child import MARK, start_time
from services.cli.supervisor.orphans import end_orphans
from services.cli.supervisor.state import Phase, ProcessState, RunState
from tests.cli.dummies import is_alive

SUPERVISE = """
import asyncio, pathlib, sys
from tests.cli.dummies import Bench
async def main():
    bench = Bench(pathlib.Path(sys.argv[1]))
    await bench.supervisor([bench.serving("first"), bench.serving("second", "first")]).start()
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(SLEEP, env={**os.environ, MARK: "the-run"})
    yield running
    running.kill()
    running.wait()


@pytest.fixture
def state(sleeper: subprocess.Popen[bytes]) -> RunState:
    process = ProcessState("auth", "", pid=sleeper.pid, start_time=start_time(sleeper.pid) or 0.0)
    return RunState("another-run", 1, 0.0, Phase.READY, processes=(process,))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the leash is Linux's")
def test_processes_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == b"ready\n"
    pids = [int((tmp_path / f"{name}.pid").read_text()) for name in ("first", "second")]
    assert all(is_alive(pid) for pid in pids)
    supervisor.send_signal(signal.SIGKILL)
    supervisor.communicate()
    psutil.wait_procs([psutil.Process(pid) for pid in pids if is_alive(pid)], timeout=5)
    assert not any(is_alive(pid) for pid in pids)


def test_a_left_over_process_is_ended(state: RunState, sleeper: subprocess.Popen[bytes]) -> None:
    assert end_orphans(state) == ["auth"]
    assert not is_alive(sleeper.pid)


def test_a_pid_that_is_used_again_is_left_alone(
    state: RunState, sleeper: subprocess.Popen[bytes]
) -> None:
    earlier = replace(state.processes[0], start_time=state.processes[0].start_time - 3600)
    assert end_orphans(replace(state, processes=(earlier,))) == []
    assert sleeper.poll() is None


def test_a_left_over_child_of_a_child_is_found_by_its_mark(
    sleeper: subprocess.Popen[bytes],
) -> None:
    end_orphans(RunState("a-different-run", 1, 0.0, Phase.READY))
    assert sleeper.poll() is None
    end_orphans(RunState("the-run", 1, 0.0, Phase.READY))
    assert not is_alive(sleeper.pid)
