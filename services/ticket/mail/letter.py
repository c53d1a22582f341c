"""The mail that a comment, or the word that a ticket has come, goes out as."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.ticket.domain import Attachment
from services.ticket.errors.canned_replies import VariableNotGiven
from services.ticket.mail.automatic import (
    OWN_HEADER,
    OWN_VALUE,
    REPLIED_VALUE,
    SUBMITTED_HEADER,
)
from services.ticket.mail.ports import Letter
from services.ticket.mail.templates import (
    BUILT_IN,
    REPLY_VARIABLE,
    MailKind,
    body_of,
    subject_of,
)
from services.ticket.mail.text import without_controls

# What others have sent is only given back where it can do no harm in a header.
_PLAIN_ID = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,100}@[A-Za-z0-9.-]{1,100}\Z")
_ANSWERED = re.compile(r"(?i)^((re|aw|sv|antw)\s*:\s*)+")


@dataclass(frozen=True)
class Wording:
    subject: str
    body: str


def letter_message(
    letter: Letter, files: Sequence[tuple[Attachment, bytes]] = (), left_out: Sequence[str] = ()
) -> EmailMessage:
    """`left_out` are the names of files that are too large for a mail."""
    local, _, host = letter.thread.address.partition("@")
    token = letter.thread.token
    wording = wording_of(letter, left_out)
    message = EmailMessage(policy=SMTP)
    message["From"] = letter.thread.address
    message["To"] = letter.thread.requester
    message["Reply-To"] = f"{local}+{token}@{host}"
    message["Subject"] = wording.subject
    message["Date"] = format_datetime(letter.create_time)
    message["Message-ID"] = f"<{letter.letter_id}.{token}@{host}>"
    references = [f"<{each}>" for each in letter.references if _PLAIN_ID.match(each)]
    if references:
        message["In-Reply-To"] = references[-1]
        message["References"] = " ".join(references)
    message[OWN_HEADER] = OWN_VALUE
    if letter.template.kind is MailKind.ACKNOWLEDGEMENT:
        message[SUBMITTED_HEADER] = REPLIED_VALUE
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(wording.body)
    for file, content in files:
        kind, _, subtype = file.media_type.partition("/")
        message.add_attachment(content, maintype=kind, subtype=subtype, filename=file.file_name)
    return message


def wording_of(letter: Letter, left_out: Sequence[str] = ()) -> Wording:
    """By the tenant's template. One that cannot be filled in any more holds up no answer."""
    note = f"\n\n[too large for a mail: {', '.join(left_out)}]" if left_out else ""
    values = {
        "ticket.number": f"#{letter.number}",
        "ticket.subject": _plain_subject(letter.subject) or "(no subject)",
        "ticket.queue": letter.queue,
        "requester.address": letter.thread.requester,
        REPLY_VARIABLE: letter.body + note,
    }
    template = letter.template
    try:
        return Wording(subject_of(template, values), body_of(template, values))
    except VariableNotGiven:
        template = BUILT_IN[template.kind]
        return Wording(subject_of(template, values), body_of(template, values))


def _plain_subject(subject: str) -> str:
    return _ANSWERED.sub("", " ".join(without_controls(subject).split()))
