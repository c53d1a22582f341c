"""Looks into a mailbox once and is killed at a step: `python … FOLDER ADDRESS MAILBOXES [STEP]`."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.ticket.mail.imap import ImapFolder
from services.ticket.mail.intake import Intake
from services.ticket.mail.mailboxes import read_mailboxes
from services.ticket.mail.polling import Poller
from services.ticket.mail.ports import MailAddress
from services.ticket.server import MIGRATIONS
from services.ticket.store import (
    SqlMailAddresses,
    SqlMailboxPlaces,
    SqlMailStore,
    SqlTicketStore,
)
from tests.ticket.mail.dying_receiver import TENANT

STEPS: dict[str, tuple[type, str]] = {
    "opened": (ImapFolder, "open"),
    "begun": (SqlMailboxPlaces, "begin"),
    "fetched": (ImapFolder, "fetch"),
    "filed": (Intake, "take"),
    "marked": (ImapFolder, "mark_seen"),
    "moved": (ImapFolder, "move"),
    "copied": (ImapFolder, "_of_message"),
    "settled": (SqlMailboxPlaces, "settle"),
}


async def look(folder: Path, address: str, mailboxes: Path) -> None:
    database = Database(f"sqlite:///{folder / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    addresses = SqlMailAddresses(database)
    await addresses.add(MailAddress(TENANT, address, "general", utc_now()))
    intake = Intake(addresses, SqlTicketStore(database), SqlMailStore(database), utc_now)
    [mailbox] = read_mailboxes(mailboxes)
    poller = Poller(
        mailbox,
        intake,
        SqlMailboxPlaces(database),
        utc_now,
        poll_seconds=1,
        most_bytes=100_000,
    )
    await poller.look()
    await database.close()
    sys.stdout.write(f"failures {poller.health.failures}\n")


def die_after(step: str) -> None:
    owner, name = STEPS[step]
    does: Callable[..., Any] = getattr(owner, name)

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async def awaited(*arguments: object) -> None:
        await does(*arguments)
        kill()

    def called(*arguments: object) -> object:
        result = does(*arguments)
        if step != "copied" or "COPY" in arguments:
            kill()
        return result

    setattr(owner, name, awaited if asyncio.iscoroutinefunction(does) else called)


if __name__ == "__main__":
    if sys.argv[4:]:
        die_after(sys.argv[4])
    if sys.argv[4:] == ["copied"]:
        # As with servers that cannot move.
        has = ImapFolder.has
        setattr(ImapFolder, "has", lambda *of: of[1] != "MOVE" and has(*of))  # noqa: B010
    asyncio.run(look(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
