"""Takes mails in from the mail server in front, by SMTP or LMTP, and says 250 only when kept."""

import asyncio
from collections.abc import Sequence
from typing import AnyStr, Literal

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.ticket.mail.intake import Intake, Outcome

MOST_RECIPIENTS = 50
_LONGEST_COMMAND = 2048
_SECONDS_OF_SILENCE = 60

_UNKNOWN = "550 5.1.1 There is no such address here."
_TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients."
_LATER = "451 4.3.0 Try again later."
_TAKEN = "250 2.0.0 Ok"
_ANSWERS = {
    Outcome.KEPT: _TAKEN,
    Outcome.LEFT_OUT: _TAKEN,
    # Whoever wrote it cannot be answered.
    Outcome.NO_SENDER: _TAKEN,
    Outcome.UNKNOWN: _UNKNOWN,
    Outcome.TOO_MANY: "451 4.7.1 Too many mails of this sender; try again later.",
    Outcome.FAILED: _LATER,
}

Protocol = Literal["smtp", "lmtp"]
PROTOCOLS: tuple[Protocol, ...] = ("smtp", "lmtp")

log = structlog.get_logger()


class Receiver:
    def __init__(
        self, intake: Intake, *, protocol: Protocol, host: str, port: int, most_bytes: int
    ) -> None:
        self._intake = intake
        self._protocol = protocol
        self._host = host
        self._most_bytes = most_bytes
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
        log.info("taking mail", protocol=self._protocol, port=self.port)
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
        if await self._intake.find(address) is None:
            return _UNKNOWN
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        answers = [_ANSWERS[outcome] for outcome in await self._outcomes(envelope)]
        if self._protocol == "lmtp":
            return "\r\n".join(answers)
        # One answer for all: what may come again does, and is known where it was kept.
        return min(answers, key=lambda answer: "425".index(answer[0]))

    async def handle_exception(self, error: Exception) -> str:
        """aiosmtpd's own answer would be final, and the mail lost."""
        log.exception("a mail could not be taken", error=type(error).__name__)
        return _LATER

    async def _outcomes(self, envelope: Envelope) -> list[Outcome]:
        mail = await self._intake.read(envelope.original_content or b"")
        if envelope.mail_from in (None, "", "<>"):
            log.info("mail left out: it is a bounce")
            return [Outcome.LEFT_OUT for _ in envelope.rcpt_tos]
        return await self._intake.take(mail, envelope.rcpt_tos)

    def _connection(self) -> SMTP:
        kind = SMTP if self._protocol == "smtp" else _AnswersForEach
        smtp = kind(
            self,
            data_size_limit=self._most_bytes,
            hostname="helpdesk",
            ident="Helpdesk",
            timeout=_SECONDS_OF_SILENCE,
            loop=asyncio.get_running_loop(),
        )
        smtp.command_size_limits["RCPT"] = smtp.command_size_limits["MAIL"] = _LONGEST_COMMAND
        return smtp


class _AnswersForEach(LMTP):
    """What follows a mail is as many answers as it has recipients (RFC 2033), refusals too."""

    _recipients = 0

    async def push(self, status: AnyStr) -> None:
        answer = status if isinstance(status, str) else status.decode()
        each = answer.split("\r\n")
        if self._recipients and len(each) == 1:
            each *= self._recipients
        is_mail_to_come = answer.startswith("354")
        self._recipients = len(self.envelope.rcpt_tos) if self.envelope and is_mail_to_come else 0
        await super().push("\r\n".join(each))
