"""Sends what is said to whoever wrote by mail, over the relay, until it is taken.

A letter may be sent twice, when the process ends between the relay's word and our note of it; its
Message-ID is the same then, so that mail servers and readers know it again.
"""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from typing import Protocol

import structlog

from services.mesh.clock import Clock
from services.mesh.errors import StorageUnavailable
from services.mesh.ids import new_id
from services.ticket.attachments.ports import ByteStore
from services.ticket.domain import Comment, TicketStatus, commented
from services.ticket.domain.mail_senders import POSTMASTER
from services.ticket.mail.letter import letter_message
from services.ticket.mail.ports import DueLetter, Letter, MailOutbox
from services.ticket.mail.templates import MailKind
from services.ticket.ports.tickets import TicketStore

_AT_ONCE = 20
_QUOTED = 200
_LEASE = timedelta(minutes=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=5)
# Many mail servers take no more than 25 MB, as base64 spells it.
MOST_MAILED_BYTES = 15 * 1024 * 1024

log = structlog.get_logger()


class LetterRefused(Exception):
    """For good, as when there is no such recipient."""


class LetterDelayed(Exception):
    """The relay cannot be reached, or wants it later."""


class Relay(Protocol):
    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Returns once the relay has taken it. Raises LetterRefused and LetterDelayed."""


class Courier:
    def __init__(
        self,
        outbox: MailOutbox,
        tickets: TicketStore,
        relay: Relay,
        clock: Clock,
        *,
        poll_seconds: float = 1.0,
        files: ByteStore | None = None,
    ) -> None:
        self._outbox = outbox
        self._tickets = tickets
        self._relay = relay
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._files = files

    async def run(self) -> None:
        """A background job."""
        while True:
            if not await self.send_due():
                await asyncio.sleep(self._poll_seconds)

    async def send_due(self) -> int:
        """Returns how many were tried."""
        due = await self._outbox.list_due(self._clock(), _AT_ONCE)
        for each in due:
            # Of several processes the one that writes first sends it.
            if await self._outbox.claim(each, self._clock() + _LEASE):
                await self._send(each)
        return len(due)

    async def _send(self, due: DueLetter) -> None:
        letter = await self._outbox.find_letter(due)
        if letter is None:
            await self._outbox.give_up(due, "there is nothing to send")
            return
        # Nobody wants to read today what was true last week.
        if self._clock() - due.create_time > GIVE_UP_AFTER:
            await self._give_up(due, letter, due.problem or "it is too old")
            return
        try:
            message = await self._written(due, letter)
            await self._relay.send(message, letter.thread.address, letter.thread.requester)
        except LetterRefused as error:
            await self._give_up(due, letter, str(error))
        except LetterDelayed as error:
            await self._put_off(due, str(error))
        else:
            await self._outbox.note_delivery(due, self._clock())
            log.info("mail sent", letter_id=due.letter_id)

    async def _written(self, due: DueLetter, letter: Letter) -> EmailMessage:
        """With its files, as far as mail servers take them."""
        files, left_out, size = [], [], 0
        for file in letter.files:
            size += file.size_bytes
            if self._files is None or size > MOST_MAILED_BYTES:
                left_out.append(file.file_name)
                continue
            try:
                pieces = [piece async for piece in self._files.read(due.tenant_id, file.sha256)]
            except StorageUnavailable as error:
                raise LetterDelayed("a file cannot be read") from error
            files.append((file, b"".join(pieces)))
        return letter_message(letter, files, left_out)

    async def _put_off(self, due: DueLetter, problem: str) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(due.tries, 10), _LONGEST_PAUSE)
        log.info("mail put off", letter_id=due.letter_id, seconds=int(pause.total_seconds()))
        await self._outbox.put_off(due, self._clock() + pause, problem)

    async def _give_up(self, due: DueLetter, letter: Letter, problem: str) -> None:
        """Tells the agents, who would otherwise wait for an answer to what nobody has read."""
        log.warning("mail given up", letter_id=due.letter_id)
        async with self._tickets.transaction(due.tenant_id) as tickets:
            ticket = await tickets.find_to_change(letter.thread.ticket_id)
            await self._outbox.give_up(due, problem)
            if ticket is None or ticket.status is TicketStatus.CLOSED:
                return
            note = Comment(
                comment_id=new_id(),
                ticket_id=ticket.ticket_id,
                author_id=POSTMASTER,
                body=_undelivered(letter, problem),
                is_internal=True,
                create_time=self._clock(),
            )
            await tickets.keep(commented(ticket, note, by_customer=False))


def _undelivered(letter: Letter, problem: str) -> str:
    if letter.template.kind is MailKind.ACKNOWLEDGEMENT:
        return f"That the ticket has come could not be mailed ({problem})."
    return f"This answer could not be mailed ({problem}):\n\n{letter.body[:_QUOTED]}"
