"""A service that is killed on the way takes the mail again, and once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from services.mesh.database import Database
from services.mesh.settings import REPOSITORY
from services.ticket.ports.tickets import TicketQuery
from services.ticket.store import SqlTicketStore
from tests.ticket.mail.dying_poller import STEPS
from tests.ticket.mail.dying_receiver import TENANT
from tests.ticket.mail.mails import a_mail, send
from tests.ticket.mail.real_servers import PASSWORD, Dovecot

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


async def look(folder: Path, *words: str) -> int | None:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.ticket.mail.dying_poller", str(folder), *words),
        cwd=REPOSITORY,
        env={"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen/python'}", "SECRET": PASSWORD},
    )
    return await running.wait()


@pytest.mark.parametrize("step", STEPS)
async def test_a_mailbox_is_looked_into_again_from_wherever_it_ended(
    tmp_path: Path, dovecot: Dovecot, step: str
) -> None:
    address = f"{step}-{os.getpid()}@acme.example"
    moves = step in ("moved", "copied")
    mailboxes = tmp_path / "mailboxes.yaml"
    mailboxes.write_text(
        f"- {{address: {address}, user: {address}, host: 127.0.0.1, port: {dovecot.imap_port},"
        f" security: none, password_variable: SECRET{', filed_folder: Filed' * moves}}}"
    )
    for number in range(3):
        dovecot.deliver(a_mail(f"{number}"), address)

    deaths = 0
    while await look(tmp_path, address, str(mailboxes), step) == -signal.SIGKILL and deaths < 5:
        deaths += 1
    assert deaths >= 1
    assert await look(tmp_path, address, str(mailboxes)) == 0

    assert await number_of_tickets(tmp_path) == 3
    assert dovecot.mails(address, which="UNSEEN" if not moves else "ALL") == []
