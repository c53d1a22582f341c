"""Uploads, each killed at its n-th step, until one comes to its end: `python … FOLDER [careless]`.

Each has a folder of its own, with what it said: which file is kept, once the caller would have
heard so. Careless ones let the row commit before the bytes have their name.
"""

import asyncio
import hashlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from functools import wraps
from pathlib import Path
from typing import Any

from services.mesh.caller import TenantId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.ticket.attachments import keeping
from services.ticket.attachments.folder import AttachmentFolder, IncomingFile
from services.ticket.attachments.keeping import Upload
from services.ticket.attachments.ports import Cabinet
from services.ticket.domain import AttachmentLimits, TicketContent
from services.ticket.server import MIGRATIONS
from services.ticket.store import SqlTicketStore
from services.ticket.store.attachments import SqlAttachments
from services.ticket.store.log import SqlLog
from services.ticket.use_cases import ticketing
from tests.ticket.builders import a_customer

TENANT = TenantId("01a211e1-b833-7a11-8d52-3f1f6f0e2f6a")
MOST_STEPS = 60
CONTENT = b"What happened. " * 1000


class Steps:
    """Counts what happens to disk and database, before and after, and ends it at one of them."""

    def __init__(self, last: int) -> None:
        self.left = last

    def step(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def around(self, owner: Any, name: str) -> None:  # noqa: ANN401 - any module or class
        original: Callable[..., Any] = getattr(owner, name)

        @wraps(original)
        def act(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401
            self.step()
            made = original(*arguments, **more)
            self.step()
            return made

        @wraps(original)
        async def act_later(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401
            self.step()
            made = await original(*arguments, **more)
            self.step()
            return made

        is_later = asyncio.iscoroutinefunction(original)
        setattr(owner, name, act_later if is_later else act)


def be_careless() -> list[Callable[[], str]]:
    """Returns what is left to be done after the commit."""
    rest: list[Callable[[], str]] = []
    keep = IncomingFile._keep

    def pretend(self: IncomingFile) -> str:
        rest.append(lambda: keep(self))
        return hashlib.sha256(CONTENT).hexdigest()

    async def believe(*_: object) -> None:
        return None

    IncomingFile._keep = pretend  # type: ignore[method-assign]
    setattr(IncomingFile, "discard", lambda _: None)  # noqa: B010 - to break it
    setattr(keeping, "require_bytes", believe)  # noqa: B010
    return rest


async def upload(root: Path, last_step: int, *, is_careless: bool) -> None:
    database = Database(f"sqlite:///{root / 'ticket.db'}")
    store = SqlTicketStore(database)
    cabinet = Cabinet(AttachmentFolder(root / "attachments"), AttachmentLimits())
    rest = be_careless() if is_careless else []
    with acting_as(a_customer(tenant_id=TENANT)):
        ticket = await ticketing.open_ticket(store, utc_now, TicketContent("Printer"))
        steps = Steps(last_step)
        for owner, name in (
            (Path, "mkdir"),
            (IncomingFile, "_add"),
            (os, "fsync"),
            (Path, "replace"),
            (SqlAttachments, "keep"),
            (SqlLog, "keep"),
        ):
            steps.around(owner, name)
        made = await keeping.upload(
            store,
            cabinet,
            utc_now,
            Upload(ticket.ticket_id, "notes.txt", "", is_internal=False),
            _pieces(),
            on_accepted=_accept,
        )
        steps.step()
    for each in rest:
        each()
    (root / "said").write_text(made.attachment_id)
    steps.step()
    await database.close()


async def _pieces() -> AsyncIterator[bytes]:
    for at in range(0, len(CONTENT), 5000):
        yield CONTENT[at : at + 5000]


async def _accept() -> None:
    return None


async def migrate(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    await database.migrate(MIGRATIONS)
    await database.close()


def main(root: Path, *, is_careless: bool) -> None:
    asyncio.run(migrate(root / "empty.db"))
    for step in range(MOST_STEPS):
        own = root / str(step)
        own.mkdir()
        shutil.copy(root / "empty.db", own / "ticket.db")
        child = os.fork()
        if not child:
            asyncio.run(upload(own, step, is_careless=is_careless))
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return
    raise SystemExit("the upload has more steps than were tried")


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_careless=sys.argv[2:] == ["careless"])
