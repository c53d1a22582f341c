"""One look into a mailbox: what has come is filed as if it had been sent to us.

For each mail: file it, mark it on the server, note that its UID is settled. Whoever dies between
two of these does the former again, and a mail that is filed already is known by its Message-ID.
So several processes may look at once, too.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, TypeVarTuple, Unpack

import structlog

from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.ticket.mail.imap import FolderState, ImapFolder, MailboxProblem, MessageRefused
from services.ticket.mail.intake import Intake, Outcome, without_tag
from services.ticket.mail.mailbox_ports import MailboxPlaces, Place, WaitingMail
from services.ticket.mail.mailboxes import Mailbox

MOST_TRIES = 8
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_PAUSE_OF_TOO_MANY = timedelta(minutes=15)
_WAITING_AT_ONCE = 100
# Servers search by their own days, whose zone nobody knows.
_BEFORE_THE_LAST_LOOK = timedelta(days=2)

_Result = TypeVar("_Result")
_Arguments = TypeVarTuple("_Arguments")

log = structlog.get_logger()


@dataclass(frozen=True)
class Looked:
    """How many mails wait to be tried again, and how many were set aside."""

    waiting: int
    set_aside: int


class Look:
    def __init__(
        self,
        mailbox: Mailbox,
        intake: Intake,
        places: MailboxPlaces,
        clock: Clock,
        *,
        folder: ImapFolder,
        thread: Executor,
        most_bytes: int,
    ) -> None:
        self._mailbox = mailbox
        self._intake = intake
        self._places = places
        self._clock = clock
        self._folder = folder
        self._thread = thread
        self._most_bytes = most_bytes
        self._set_aside = 0

    async def take_all(self, tenant_id: TenantId) -> Looked:
        """Raises MailboxProblem; what was settled before stays settled."""
        state = await self._ask(self._folder.open)
        place = await self._places.find(tenant_id, self._mailbox.key)
        if place is None or place.uid_validity != state.uid_validity:
            place = await self._begin(tenant_id, place, state)
        while due := await self._places.list_due(place, self._clock(), _WAITING_AT_ONCE):
            for mail in due:
                await self._take(place, mail)
        for uid in await self._ask(self._folder.uids_from, place.last_uid + 1):
            await self._take(place, WaitingMail(uid, 0))
        await self._places.note_look(place, self._clock())
        await self._ask(self._folder.log_out)
        return Looked(await self._places.count_waiting(place), self._set_aside)

    async def _begin(self, tenant_id: TenantId, before: Place | None, state: FolderState) -> Place:
        """At first what nobody has seen; with new UIDs also what came about the last look."""
        if before is None:
            found = await self._ask(self._folder.unseen)
        else:
            log.warning("a mailbox has new UIDs", mailbox=self._mailbox.address)
            day = (before.look_time - _BEFORE_THE_LAST_LOOK).date()
            found = await self._ask(self._folder.unseen_or_since, day)
        time = self._clock()
        place = Place(tenant_id, self._mailbox.key, state.uid_validity, state.uid_next - 1, time)
        await self._places.begin(place, [uid for uid in found if uid < state.uid_next])
        return place

    async def _take(self, place: Place, mail: WaitingMail) -> None:
        if mail.tries >= MOST_TRIES:
            await self._put_aside(place, mail, f"it failed {mail.tries} times")
            return
        try:
            outcome = await self._filed(mail.uid)
        except MessageRefused as refusal:
            await self._put_off(place, mail, f"the server refuses it ({refusal})")
        except MailboxProblem as problem:
            # Some hang up over a mail that they cannot read, and would do so each time.
            await self._put_off(place, mail, f"the server broke off ({problem})")
            raise
        else:
            await self._finish(place, mail, outcome)

    async def _finish(self, place: Place, mail: WaitingMail, outcome: Outcome | str | None) -> None:
        if outcome in (Outcome.KEPT, Outcome.LEFT_OUT):
            await self._mark(mail.uid)
            await self._places.settle(place, mail.uid)
        elif outcome is Outcome.UNKNOWN:
            raise MailboxProblem("its address is no tenant's")
        elif outcome is Outcome.TOO_MANY:
            until = self._clock() + _PAUSE_OF_TOO_MANY
            await self._places.put_off(place, mail, until, "too many of its sender")
        elif outcome is Outcome.FAILED:
            await self._put_off(place, mail, "it could not be filed")
        elif outcome is not None:
            await self._put_aside(place, mail, outcome)
        else:
            await self._places.settle(place, mail.uid)

    async def _filed(self, uid: int) -> Outcome | str | None:
        """None where the mail is gone, and words where it is not to be taken at all."""
        size = await self._ask(self._folder.size_of, uid)
        if size is not None and size > self._most_bytes:
            return "it is too large"
        raw = None if size is None else await self._ask(self._folder.fetch, uid)
        if raw is None:
            return None
        mail = await self._intake.read(raw)
        own = without_tag(self._mailbox.address)[0]
        tagged = [each for each in mail.recipients if without_tag(each)[0] == own]
        outcome = (await self._intake.take(mail, [own, *tagged]))[0]
        return "no sender can be read" if outcome is Outcome.NO_SENDER else outcome

    async def _mark(self, uid: int) -> None:
        try:
            if self._mailbox.filed_folder is None:
                await self._ask(self._folder.mark_seen, uid)
            else:
                await self._ask(self._folder.move, uid, self._mailbox.filed_folder)
        except MessageRefused as refusal:
            # Its UID is settled all the same, so that it is not taken again.
            self._warn("a mail is filed and cannot be marked", uid, str(refusal))

    async def _put_aside(self, place: Place, mail: WaitingMail, problem: str) -> None:
        try:
            await self._ask(self._folder.move, mail.uid, self._mailbox.unreadable_folder)
        except (MessageRefused, MailboxProblem) as refusal:
            await self._put_off(place, mail, f"{problem}, and cannot be moved ({refusal})")
            if isinstance(refusal, MailboxProblem):
                raise
            return
        self._set_aside += 1
        self._warn("a mail is set aside", mail.uid, problem)
        await self._places.settle(place, mail.uid)

    async def _put_off(self, place: Place, mail: WaitingMail, problem: str) -> None:
        self._warn("a mail is tried again later", mail.uid, problem)
        pause = min(_FIRST_PAUSE * 2 ** min(mail.tries, 10), _LONGEST_PAUSE)
        again = WaitingMail(mail.uid, mail.tries + 1)
        await self._places.put_off(place, again, self._clock() + pause, problem)

    def _warn(self, what: str, uid: int, problem: str) -> None:
        log.warning(
            what,
            mailbox=self._mailbox.address,
            uid=uid,
            problem=problem,
            unreadable_folder=self._mailbox.unreadable_folder,
        )

    async def _ask(
        self, call: Callable[[Unpack[_Arguments]], _Result], *arguments: *_Arguments
    ) -> _Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, call, *arguments)
