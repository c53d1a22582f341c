import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.cli.supervisor.processes import Process, mesh_processes, stop_order
from services.cli.supervisor.state import Phase, StateFile
from services.cli.supervisor.supervisor import StartFailed, Supervisor
from services.mesh.settings import MeshSettings
from tests.cli.dummies import Bench, eventually, is_alive


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@asynccontextmanager
async def running(bench: Bench, *processes: Process) -> AsyncIterator[Supervisor]:
    supervisor = bench.supervisor(processes)
    try:
        await supervisor.start(timeout_seconds=10)
        yield supervisor
    finally:
        await supervisor.stop(timeout_seconds=3)


async def test_all_processes_serve_when_the_start_is_over(bench: Bench) -> None:
    async with running(bench, bench.serving("first"), bench.serving("second")) as supervisor:
        assert is_alive(bench.pid("first"))
        assert is_alive(bench.pid("second"))
        assert all(process.is_serving for process in supervisor.state.processes)


async def test_everything_is_gone_after_the_stop(bench: Bench) -> None:
    async with running(bench, bench.serving("first")) as supervisor:
        pid = bench.pid("first")
        assert is_alive(pid)
    assert not is_alive(pid)
    assert supervisor.state.phase is Phase.STOPPING


async def test_a_killed_process_is_back_within_five_seconds(bench: Bench) -> None:
    async with running(bench, bench.serving("first"), bench.serving("second")) as supervisor:
        killed, untouched = bench.pid("first"), bench.pid("second")
        os.kill(killed, signal.SIGKILL)
        await eventually(
            lambda: (
                supervisor.state.process("first").pid != killed
                and supervisor.state.process("first").is_serving
            ),
            seconds=5.0,
        )
        assert bench.pid("second") == untouched
        assert supervisor.state.process("first").restarts == 1


async def test_what_a_killed_process_had_started_is_killed_with_it(bench: Bench) -> None:
    grandchild = bench.folder / "grandchild"
    more = (
        "import subprocess\n"
        f"child = subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(grandchild)!r}).write_text(str(child.pid))"
    )
    async with running(bench, bench.serving("first", more=more)):
        await eventually(lambda: grandchild.exists() and grandchild.read_text() != "")
        left_over = int(grandchild.read_text())
        assert is_alive(left_over)
        os.kill(bench.pid("first"), signal.SIGKILL)
        await eventually(lambda: not is_alive(left_over))


async def test_a_process_that_never_becomes_ready_is_given_up(bench: Bench) -> None:
    broken = bench.process("broken", "raise SystemExit('no such database')")
    supervisor = bench.supervisor([bench.serving("fine"), broken])
    with pytest.raises(StartFailed, match="broken died again and again") as caught:
        await supervisor.start(timeout_seconds=10)
    await supervisor.stop(timeout_seconds=3)
    assert caught.value.process == "broken"
    assert ("broken", "no such database") in bench.lines
    assert not is_alive(bench.pid("fine"))


@pytest.mark.parametrize("exit_code", [2, 78])
async def test_refused_settings_are_not_tried_again(bench: Bench, exit_code: int) -> None:
    code = f"print('starts', flush=True); raise SystemExit({exit_code})"
    supervisor = bench.supervisor([bench.process("broken", code)])
    with pytest.raises(StartFailed, match="broken refuses its settings"):
        await supervisor.start(timeout_seconds=10)
    await supervisor.stop(timeout_seconds=1)
    assert bench.lines.count(("broken", "starts")) == 1


async def test_a_process_that_is_late_is_named(bench: Bench) -> None:
    supervisor = bench.supervisor([bench.process("sleeper", "import time; time.sleep(600)")])
    with pytest.raises(StartFailed, match="not ready after 0 s: sleeper"):
        await supervisor.start(timeout_seconds=0.3)
    await supervisor.stop(timeout_seconds=3)


async def test_nothing_stops_before_what_depends_on_it(bench: Bench) -> None:
    processes = (
        bench.serving("auth"),
        bench.serving("chat", "auth"),
        bench.serving("gateway", "chat"),
    )
    async with running(bench, *processes):
        pass
    leaving = [name for name, line in bench.lines if line.endswith("leaves")]
    assert leaving == ["gateway", "chat", "auth"]


async def test_a_process_that_does_not_stop_is_killed(bench: Bench) -> None:
    supervisor = bench.supervisor([bench.serving("stubborn", on_term="signal.SIG_IGN")])
    await supervisor.start(timeout_seconds=10)
    pid = bench.pid("stubborn")
    began = time.monotonic()
    await supervisor.stop(timeout_seconds=0.3)
    assert not is_alive(pid)
    assert time.monotonic() - began < 5
    assert ("helpdesk", "stubborn does not stop, killing it") in bench.lines


async def test_a_stop_during_the_start_ends_everything(bench: Bench) -> None:
    supervisor = bench.supervisor([bench.process("sleeper", "import time; time.sleep(600)")])
    start = asyncio.create_task(supervisor.start(timeout_seconds=30))
    await eventually(lambda: supervisor.state.process("sleeper").pid != 0)
    supervisor.stopping.set()
    with pytest.raises(asyncio.CancelledError):
        await start
    await supervisor.stop(timeout_seconds=3)
    assert not is_alive(supervisor.state.process("sleeper").pid)


async def test_the_state_is_on_disk_for_other_commands(bench: Bench) -> None:
    async with running(bench, bench.serving("first")) as supervisor:
        supervisor.tell(phase=Phase.READY)
        state = StateFile(bench.folder).read()
        assert state == supervisor.state
        assert state.process("first").pid == bench.pid("first")


async def test_a_full_disk_does_not_stop_what_runs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with running(bench, bench.serving("first")) as supervisor:
        monkeypatch.setattr(StateFile, "write", full)
        killed = bench.pid("first")
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: supervisor.state.process("first").pid != killed)
        await eventually(lambda: supervisor.state.process("first").is_serving)
    assert ("helpdesk", "cannot write down what runs: No space left on device") in bench.lines


async def test_long_and_broken_output_does_not_stop_a_process(bench: Bench) -> None:
    more = "sys.stdout.buffer.write(b'x' * 300_000 + b'\\xff\\nend\\n'); sys.stdout.flush()"
    async with running(bench, bench.serving("loud", more=more)):
        await eventually(lambda: ("loud", "end") in bench.lines)


def test_the_mesh_stops_from_the_edge_inwards() -> None:
    groups = stop_order(mesh_processes(MeshSettings(ticket_routing_engine="in_process")))
    assert [[process.name for process in group] for group in groups] == [
        ["gateway"],
        ["chat", "bridge"],
        ["ticket", "search"],
        ["auth"],
    ]


def test_processes_that_depend_on_each_other_are_a_mistake(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    circle = [bench.serving("hen", "egg"), bench.serving("egg", "hen")]
    with pytest.raises(ValueError, match="circle: hen, egg"):
        stop_order(circle)
