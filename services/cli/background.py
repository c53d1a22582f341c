"""Starts, follows and ends a run in the background."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from services.cli.failures import CommandError, report
from services.cli.output import Format, choose_format, talk_console
from services.cli.supervisor.child import start_time
from services.cli.supervisor.orphans import end_orphans
from services.cli.supervisor.state import Phase, ProcessState, RunState, StateFile

_LOOK_SECONDS = 0.1
_READY_SECONDS = 300.0
_STOP_SECONDS = 20.0


def run_in_background(log_folder: Path, run: Callable[[], None], state_file: StateFile) -> None:
    """Returns when the run is ready. Raises CommandError when it ends before that."""
    last_words = log_folder / "background.log"
    last_words.parent.mkdir(parents=True, exist_ok=True)
    child = _fork(run, last_words)

    def check() -> None:
        ended, _ = os.waitpid(child, os.WNOHANG)
        if ended:
            raise _failure(last_words)

    try:
        wait_until_ready(state_file, check)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise


def _fork(run: Callable[[], None], last_words: Path) -> int:
    """A copy of this process that has left the terminal; it has loaded everything already."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        # An own session: closing the terminal must not end it.
        os.setsid()
        output = os.open(last_words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        choose_format(Format.JSON)
        code = _code_of(run)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _code_of(run: Callable[[], None]) -> int:
    try:
        run()
    except CommandError as error:
        report(error)
        return error.exit_code
    return 0


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
