"""Looks into a mailbox again and again, and less often while it cannot be."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from services.mesh.clock import Clock
from services.mesh.errors import StorageUnavailable
from services.ticket.mail.imap import ImapFolder, MailboxProblem
from services.ticket.mail.intake import Intake
from services.ticket.mail.looking import Look, Looked
from services.ticket.mail.mailbox_ports import MailboxPlaces
from services.ticket.mail.mailboxes import Mailbox

_LONGEST_PAUSE_SECONDS = 1800.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Health:
    """`failures` are those since the last look that went well."""

    failures: int = 0
    problem: str = ""
    look_time: datetime | None = None
    waiting: int = 0
    set_aside: int = 0


class Poller:
    """A background job for one mailbox."""

    def __init__(
        self,
        mailbox: Mailbox,
        intake: Intake,
        places: MailboxPlaces,
        clock: Clock,
        *,
        poll_seconds: float,
        most_bytes: int,
    ) -> None:
        self._mailbox = mailbox
        self._intake = intake
        self._places = places
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._most_bytes = most_bytes
        self.health = Health()

    @property
    def address(self) -> str:
        return self._mailbox.address

    @property
    def pause_seconds(self) -> float:
        """Twice as long after each look that failed."""
        longer = self._poll_seconds * float(2 ** min(self.health.failures, 16))
        return max(self._poll_seconds, min(longer, _LONGEST_PAUSE_SECONDS))

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self.pause_seconds)

    async def look(self) -> None:
        health = self.health
        try:
            looked = await self._looked()
        except (MailboxProblem, StorageUnavailable) as error:
            self.health = replace(health, failures=health.failures + 1, problem=str(error))
            log.warning(
                "a mailbox could not be looked into",
                mailbox=self.address,
                problem=str(error),
                again_in_seconds=self.pause_seconds,
            )
            return
        if health.failures:
            log.info("a mailbox can be looked into again", mailbox=self.address)
        self.health = Health(
            look_time=self._clock(),
            waiting=looked.waiting,
            set_aside=health.set_aside + looked.set_aside,
        )

    async def _looked(self) -> Looked:
        to = await self._intake.find(self.address)
        if to is None:
            raise MailboxProblem("its address is no tenant's")
        folder = ImapFolder(self._mailbox)
        # imaplib blocks, and one server that hangs must not hold up others.
        thread = ThreadPoolExecutor(1)
        try:
            return await Look(
                self._mailbox,
                self._intake,
                self._places,
                self._clock,
                folder=folder,
                thread=thread,
                most_bytes=self._most_bytes,
            ).take_all(to.tenant_id)
        finally:
            folder.abort()
            thread.submit(folder.close)
            thread.shutdown(wait=False)
