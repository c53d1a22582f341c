"""Starts, follows and ends a run in the background."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from services.cli.failures import CommandError
from services.cli.output import talk_console
from services.cli.supervisor.child import start_time
from services.cli.supervisor.orphans import end_orphans
from services.cli.supervisor.state import Phase, ProcessState, RunState, StateFile
from services.mesh.settings import MeshSettings

_LOOK_SECONDS = 0.05
_READY_SECONDS = 300.0
_STOP_SECONDS = 20.0


def start_in_background(settings: MeshSettings, state_file: StateFile, *, with_demo: bool) -> None:
    """Returns when all is ready. Raises CommandError when the run ends before that."""
    last_words = settings.data / "logs" / "background.log"
    last_words.parent.mkdir(parents=True, exist_ok=True)
    words = ["up", "--background", "--demo" if with_demo else "--no-demo", "-o", "json"]
    with last_words.open("wb") as stream:
        running = subprocess.Popen(  # noqa: S603 - this program itself
            [sys.executable, "-m", "services.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            # An own session: closing the terminal must not end it.
            start_new_session=True,
        )

    def check() -> None:
        if running.poll() is not None:
            raise _failure(last_words)

    try:
        wait_until_ready(state_file, check)
    except KeyboardInterrupt:
        running.send_signal(signal.SIGTERM)
        running.wait()
        raise


def wait_until_ready(state_file: StateFile, check: Callable[[], None] | None = None) -> None:
    """Shows how far the run is on a terminal, and nothing in a pipe."""
    console = talk_console()
    deadline = time.monotonic() + _READY_SECONDS
    with console.status("starting") as status:
        while time.monotonic() < deadline:
            if check is not None:
                check()
            state = state_file.read()
            if state is not None and state.phase is Phase.READY:
                return
            if state is None and check is None and not state_file.is_locked():
                raise CommandError("It has just stopped.", hint="helpdesk up --detach")
            status.update(_words(state))
            time.sleep(_LOOK_SECONDS)
    raise CommandError("It does not become ready.", hint="helpdesk status; helpdesk down")


def stop_run(state_file: StateFile) -> list[str]:
    """Ends the run and what it left behind; returns the names of the processes that ran."""
    state = state_file.read()
    if state is None:
        return []
    was_running = [process.name for process in state.processes if _is_alive(process)]
    if state_file.is_locked() and start_time(state.pid) is not None:
        os.kill(state.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while state_file.is_locked() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        if state_file.is_locked():
            os.kill(state.pid, signal.SIGKILL)
    end_orphans(state)
    state_file.remove()
    return was_running


def _words(state: RunState | None) -> str:
    if state is None:
        return "starting"
    if state.phase is Phase.SEEDING:
        return f"making the demo: {state.progress}"
    missing = [process.name for process in state.processes if not process.is_serving]
    return f"waiting for {', '.join(missing)}" if missing else "starting"


def _failure(last_words: Path) -> CommandError:
    """The error that the run in the background ended with, as it wrote it down."""
    words = last_words.read_text(errors="replace").strip()
    try:
        return CommandError(**json.loads(words.splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        return CommandError(
            words or "The start failed.", hint=f"more in {last_words.parent}", code="START_FAILED"
        )


def _is_alive(process: ProcessState) -> bool:
    return process.pid > 0 and start_time(process.pid) == process.start_time
