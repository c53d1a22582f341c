"""A service that is killed between the commit and its answer is sent the mail again."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from services.mesh.database import Database
from services.mesh.settings import REPOSITORY
from services.ticket.ports import TicketQuery
from services.ticket.store import SqlTicketStore
from tests.ticket.mail.dying_receiver import TENANT
from tests.ticket.mail.mails import a_mail, send

ADDRESS = "help@acme.example"


@asynccontextmanager
async def process(
    folder: Path, *words: str
) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.ticket.mail.dying_receiver", str(folder), ADDRESS, *words),
        cwd=REPOSITORY,
        env={"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen/python'}"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert running.stdout is not None
    try:
        while line := await running.stdout.readline():
            if line.startswith(b"port "):
                yield int(line.split()[1]), running
                break
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def number_of_tickets(folder: Path) -> int:
    database = Database(f"sqlite:///{folder / 'ticket.db'}")
    async with SqlTicketStore(database).reading(TENANT) as tickets:
        found = await tickets.list_tickets(TicketQuery(limit=10))
    await database.close()
    return len(found)


async def test_the_mail_that_comes_again_is_no_second_ticket(tmp_path: Path) -> None:
    mail: EmailMessage = a_mail()
    async with process(tmp_path, "dying") as (port, running):
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await send(port, mail, ADDRESS)
        assert await running.wait() == 9
    assert await number_of_tickets(tmp_path) == 1

    async with process(tmp_path) as (port, _):
        assert await send(port, mail, ADDRESS) == 250

    assert await number_of_tickets(tmp_path) == 1
