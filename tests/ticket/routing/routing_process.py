"""Routes a FILE at so many MINUTES past noon, and is killed over and over.

Each process dies behind its first, second … ninth commit, wherever that is, and the next goes on.
Prints how many were killed until one came to the end.
"""

import asyncio
import itertools
import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.orm import Session

from services.mesh.database import Database
from tests.ticket.routing.routing_desk import RoutingDesk


def main(file: str, minutes: float) -> int:
    for kills in itertools.count():
        process_id = os.fork()
        if process_id == 0:
            die_behind(1 + kills % 9)
            asyncio.run(route(file, minutes))
            os._exit(0)
        _, status = os.waitpid(process_id, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            return kills
    raise AssertionError("unreachable")


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


async def route(file: str, minutes: float) -> None:
    await RoutingDesk(Database(f"sqlite:///{file}")).settle(minutes)


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], float(sys.argv[2]))}\n")
