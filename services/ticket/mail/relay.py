"""The mail server that takes our mails on."""

import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

import aiosmtplib

from services.ticket.mail.courier import LetterDelayed, LetterRefused

_SECONDS = 30.0
_FOR_GOOD = 500


@dataclass(frozen=True)
class SmtpRelay:
    """`security` is `tls`, `starttls` or `none`."""

    host: str
    port: int
    security: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    trust: ssl.SSLContext | None = None

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        try:
            await aiosmtplib.send(
                message,
                sender=sender,
                recipients=[recipient],
                hostname=self.host,
                port=self.port,
                username=self.user,
                password=self.password,
                use_tls=self.security == "tls",
                start_tls=self.security == "starttls",
                tls_context=self.trust,
                timeout=_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            _raise(error.recipients[0])
        except aiosmtplib.SMTPDataError as error:
            _raise(error)
        # Of us and not of the letter: a password, a certificate, a server that is away.
        except (aiosmtplib.SMTPException, OSError) as error:
            raise LetterDelayed(type(error).__name__) from error


def _raise(error: aiosmtplib.SMTPResponseException) -> None:
    problem = f"the relay answered {error.code}"
    raise LetterRefused(problem) if error.code >= _FOR_GOOD else LetterDelayed(problem)
