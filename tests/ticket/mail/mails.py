"""Mails to send, and a mail server that brings them."""

from email.message import EmailMessage
from typing import Any

import aiosmtplib

from services.mesh.ids import new_id

ANNA = "anna@example.com"


def a_mail(
    text: str = "The printer is out.",
    *,
    sender: str = ANNA,
    subject: str = "Printer",
    message_id: str | None = None,
    **headers: str,
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "help@acme.example"
    mail["Subject"] = subject
    mail["Message-ID"] = message_id or f"<{new_id()}@example.com>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def send(
    port: int, mail: EmailMessage | bytes, to: str | list[str], *, sender: str = ANNA
) -> int:
    """Returns the code of the answer, as a mail server in front would see it."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes().replace(b"\n", b"\r\n")
    client: Any = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
    try:
        async with client:
            await client.sendmail(sender, to, raw)
    except aiosmtplib.SMTPRecipientsRefused as error:
        return int(error.recipients[0].code)
    except aiosmtplib.SMTPResponseException as error:
        return int(error.code)
    return 250
