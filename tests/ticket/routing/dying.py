"""Processes that are killed behind one of their commits, wherever that is."""

import asyncio
import itertools
import os
import signal
import traceback
from collections.abc import Awaitable, Callable

from sqlalchemy import event
from sqlalchemy.orm import Session


def killed_until_done(work: Callable[[], Awaitable[None]], first: int, step: int) -> int:
    """The next process lives longer by a step; returns how many were killed until one ended."""
    for kills in itertools.count():

        async def work_and_die(commits: int = first + kills * step) -> None:
            die_behind(commits)
            await work()

        if end_of_a_child(work_and_die) == 0:
            return kills
    raise AssertionError("unreachable")


def end_of_a_child(work: Callable[[], Awaitable[None]]) -> int:
    """Works in a process of its own; returns its exit code, or the signal that ended it, negated.

    A copy of this process, so that nothing is loaded again for each that is killed.
    """
    process_id = os.fork()
    if process_id == 0:
        try:
            asyncio.run(work())  # type: ignore[arg-type]
        except BaseException:  # noqa: BLE001 - a copy must not go on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(process_id, 0)
    return os.waitstatus_to_exitcode(status)


def die_behind(commits: int) -> None:
    left = commits

    @event.listens_for(Session, "after_commit")
    def count(session: Session) -> None:
        nonlocal left
        # Those that only read commit, too.
        left -= 1 if session.info.pop("wrote", False) else 0
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(Session, "do_orm_execute")
    def note(state: object) -> None:
        statement = state.statement  # type: ignore[attr-defined]
        if statement.is_dml:
            state.session.info["wrote"] = True  # type: ignore[attr-defined]
