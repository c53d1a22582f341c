"""The one way in for mails, whoever brings them: read, and filed with each tenant written to."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

import structlog

from services.mesh.clock import Clock
from services.ticket.attachments.ports import Cabinet
from services.ticket.mail.filing import TooManyMails, file_mail
from services.ticket.mail.message import IncomingMail, plain_address, read_mail
from services.ticket.mail.ports import MailAddress, MailAddresses, MailStore
from services.ticket.ports.tickets import TicketStore

_READ_AT_ONCE = 2

log = structlog.get_logger()


class Outcome(StrEnum):
    KEPT = "kept"
    LEFT_OUT = "left out"
    NO_SENDER = "no sender"
    UNKNOWN = "unknown"
    TOO_MANY = "too many"
    FAILED = "failed"


class Intake:
    def __init__(
        self,
        addresses: MailAddresses,
        tickets: TicketStore,
        mails: MailStore,
        clock: Clock,
        cabinet: Cabinet | None = None,
    ) -> None:
        self._addresses = addresses
        self._tickets = tickets
        self._mails = mails
        self._clock = clock
        self._cabinet = cabinet
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)

    async def find(self, address: str) -> MailAddress | None:
        """Whose the address is; what stands behind a plus does not count."""
        return await self._addresses.find(without_tag(address)[0])

    async def read(self, raw: bytes) -> IncomingMail:
        async with self._reading:
            return await asyncio.to_thread(read_mail, raw)

    async def take(self, mail: IncomingMail, recipients: Sequence[str]) -> list[Outcome]:
        """Returns once all is kept: what became of it, for each recipient.

        A mail to several addresses of a tenant is one ticket, and what fails for one tenant has
        not failed for another.
        """
        if not mail.sender:
            return [Outcome.NO_SENDER for _ in recipients]
        if mail.is_automatic:
            log.info("mail left out: no person wrote it")
            return [Outcome.LEFT_OUT for _ in recipients]
        if await self.find(mail.sender) is not None:
            log.info("mail left out: it is from an address of ours")
            return [Outcome.LEFT_OUT for _ in recipients]
        found = [await self.find(recipient) for recipient in recipients]
        outcomes: dict[str, Outcome] = {}
        for to in found:
            if to is not None and to.tenant_id not in outcomes:
                tags = [
                    without_tag(recipient)[1]
                    for recipient, other in zip(recipients, found, strict=True)
                    if other is not None and other.tenant_id == to.tenant_id
                ]
                outcomes[to.tenant_id] = await self._file(to, mail, tuple(tags))
        return [Outcome.UNKNOWN if to is None else outcomes[to.tenant_id] for to in found]

    async def _file(self, to: MailAddress, mail: IncomingMail, tags: tuple[str, ...]) -> Outcome:
        try:
            filed = await file_mail(
                self._tickets,
                self._mails,
                self._clock,
                to,
                mail,
                tags=tags,
                cabinet=self._cabinet,
            )
        except TooManyMails:
            log.warning("mail put off: too many of one sender", tenant_id=to.tenant_id)
            return Outcome.TOO_MANY
        except Exception as error:
            # Whoever brought it keeps it and comes again.
            log.exception("a mail could not be taken", error=type(error).__name__)
            return Outcome.FAILED
        log.info("mail taken", outcome=str(filed), tenant_id=to.tenant_id)
        return Outcome.KEPT


def without_tag(address: str) -> tuple[str, str]:
    """`support+abc@acme.example` is `support@acme.example` with `abc`."""
    local, _, host = plain_address(address).partition("@")
    name, _, tag = local.partition("+")
    return f"{name}@{host}", tag
