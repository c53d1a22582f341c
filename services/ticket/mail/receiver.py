"""Takes mails in by SMTP from the mail server in front, and says 250 only when they are kept."""

import asyncio
from collections.abc import Sequence

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.mesh.clock import Clock
from services.ticket.mail.filing import TooManyMails, file_mail
from services.ticket.mail.message import IncomingMail, plain_address, read_mail
from services.ticket.mail.ports import MailAddress, MailAddresses, MailStore
from services.ticket.ports import TicketStore

MOST_RECIPIENTS = 50
_LONGEST_COMMAND = 2048
_READ_AT_ONCE = 2
_SECONDS_OF_SILENCE = 60

_TAKEN = "250 2.0.0 Ok"
_UNKNOWN = "550 5.1.1 There is no such address here."
_TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients."
_LATER = "451 4.3.0 Try again later."
_TOO_MANY = "451 4.7.1 Too many mails of this sender; try again later."

log = structlog.get_logger()


class Receiver:
    def __init__(
        self,
        addresses: MailAddresses,
        tickets: TicketStore,
        mails: MailStore,
        clock: Clock,
        *,
        host: str,
        port: int,
        most_bytes: int,
    ) -> None:
        self._addresses = addresses
        self._tickets = tickets
        self._mails = mails
        self._clock = clock
        self._host = host
        self._most_bytes = most_bytes
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._listening = asyncio.Event()
        self.port = port

    async def wait_until_listening(self) -> None:
        await self._listening.wait()

    async def run(self) -> None:
        """A background job."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._connection, self._host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        log.info("taking mail", port=self.port)
        async with server:
            await server.serve_forever()

    async def handle_RCPT(  # noqa: N802  aiosmtpd calls it so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: Sequence[str],
    ) -> str:
        del server, session
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return _TOO_MANY_RECIPIENTS
        if await self._addresses.find(without_tag(address)[0]) is None:
            return _UNKNOWN
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        async with self._reading:
            mail = await asyncio.to_thread(read_mail, envelope.original_content or b"")
        # A bounce has no sender, and whoever wrote to nobody's address cannot be answered.
        if envelope.mail_from in (None, "", "<>") or mail.is_automatic or not mail.sender:
            log.info("mail left out: no person wrote it")
            return _TAKEN
        if await self._addresses.find(without_tag(mail.sender)[0]) is not None:
            log.info("mail left out: it is from an address of ours")
            return _TAKEN
        try:
            for to, tags in await self._recipients(envelope.rcpt_tos):
                await self._file(to, mail, tags)
        except TooManyMails:
            log.warning("mail put off: too many of one sender")
            return _TOO_MANY
        return _TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """aiosmtpd's own answer would be final, and the mail lost."""
        log.exception("a mail could not be taken", error=type(error).__name__)
        return _LATER

    async def _file(self, to: MailAddress, mail: IncomingMail, tags: tuple[str, ...]) -> None:
        filed = await file_mail(self._tickets, self._mails, self._clock, to, mail, tags=tags)
        log.info("mail taken", outcome=str(filed), tenant_id=to.tenant_id)

    async def _recipients(
        self, addresses: Sequence[str]
    ) -> list[tuple[MailAddress, tuple[str, ...]]]:
        """Of each tenant one, so that a mail to two of its addresses is one ticket."""
        found: dict[str, tuple[MailAddress, tuple[str, ...]]] = {}
        for given in addresses:
            address, tag = without_tag(given)
            to = await self._addresses.find(address)
            if to is None:
                continue
            first, tags = found.get(to.tenant_id, (to, ()))
            found[to.tenant_id] = first, (*tags, tag)
        return list(found.values())

    def _connection(self) -> SMTP:
        smtp = SMTP(
            self,
            data_size_limit=self._most_bytes,
            hostname="helpdesk",
            ident="Helpdesk",
            timeout=_SECONDS_OF_SILENCE,
            loop=asyncio.get_running_loop(),
        )
        smtp.command_size_limits["RCPT"] = smtp.command_size_limits["MAIL"] = _LONGEST_COMMAND
        return smtp


def without_tag(address: str) -> tuple[str, str]:
    """`support+abc@acme.example` is `support@acme.example` with `abc`."""
    local, _, host = plain_address(address).partition("@")
    name, _, tag = local.partition("+")
    return f"{name}@{host}", tag
