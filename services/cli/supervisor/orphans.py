"""Ends processes that a killed supervisor has left behind, and nothing else."""

import contextlib

import psutil

from services.cli.supervisor.child import MARK
from services.cli.supervisor.state import RunState

_GRACE_SECONDS = 3.0
_SAME_START_SECONDS = 2.0


def end_orphans(state: RunState) -> list[str]:
    """Returns the names of the processes that were ended.

    A pid alone proves nothing, since pids are used again: it counts together with its start time,
    or with the run's mark in the environment, which children of a child carry as well.
    """
    names = {process.pid: process.name for process in state.processes if process.pid}
    orphans = [process for process in psutil.process_iter() if _is_orphan(process, state)]
    for orphan in orphans:
        with contextlib.suppress(psutil.Error):
            orphan.terminate()
    _, stubborn = psutil.wait_procs(orphans, timeout=_GRACE_SECONDS)
    for orphan in stubborn:
        with contextlib.suppress(psutil.Error):
            orphan.kill()
    psutil.wait_procs(stubborn, timeout=_GRACE_SECONDS)
    return sorted({names[orphan.pid] for orphan in orphans if orphan.pid in names})


def _is_orphan(process: psutil.Process, state: RunState) -> bool:
    try:
        for known in state.processes:
            if known.pid == process.pid:
                return bool(abs(process.create_time() - known.start_time) < _SAME_START_SECONDS)
        return bool(process.environ().get(MARK) == state.run_id)
    except psutil.Error:
        return False
