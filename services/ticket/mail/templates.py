"""What the mails of a tenant say: subject and text with variables, and nothing else of a mail.

By what a mail is known again stands in other headers, and the ticket's mark is put behind every
subject.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from services.ticket.errors.mail import MailTemplateWithoutReply
from services.ticket.mail.text import without_controls
from services.ticket.use_cases.content_checks import require_line, require_written
from services.ticket.use_cases.variables import filled_in, require_variables, variables_of

REPLY_VARIABLE = "reply.text"
VARIABLES = ("ticket.number", "ticket.subject", "ticket.queue", "requester.address")

_LONGEST_SUBJECT = 250
# Another ticket's would lead an answer to that one.
_MARK = re.compile(r"\[#[0-9]+\]")


class MailKind(StrEnum):
    REPLY = "reply"
    ACKNOWLEDGEMENT = "acknowledgement"


@dataclass(frozen=True)
class MailTemplate:
    """One that is built in was never set."""

    kind: MailKind
    subject: str
    body: str
    update_time: datetime | None = None


BUILT_IN: Mapping[MailKind, MailTemplate] = MappingProxyType(
    {
        MailKind.REPLY: MailTemplate(
            MailKind.REPLY, "Re: {{ticket.subject}}", f"{{{{{REPLY_VARIABLE}}}}}"
        ),
        MailKind.ACKNOWLEDGEMENT: MailTemplate(
            MailKind.ACKNOWLEDGEMENT,
            "Re: {{ticket.subject}}",
            "We have received your request. Its number is {{ticket.number}}.\n\n"
            "To add something, answer this mail.",
        ),
    }
)


def require_template(template: MailTemplate) -> None:
    """Raises InvalidRequest, VariableUnknown and MailTemplateWithoutReply."""
    subject, body = "mail_template.subject", "mail_template.body"
    require_line(subject, template.subject)
    require_written(body, template.body)
    require_variables(subject, template.subject, VARIABLES)
    if template.kind is not MailKind.REPLY:
        require_variables(body, template.body, VARIABLES)
        return
    require_variables(body, template.body, (*VARIABLES, REPLY_VARIABLE))
    # Twice would double what may be as long as a comment.
    if variables_of(template.body).count(REPLY_VARIABLE) != 1:
        raise MailTemplateWithoutReply(body, REPLY_VARIABLE)


def subject_of(template: MailTemplate, values: Mapping[str, str]) -> str:
    """One line with the ticket's mark, whatever the ticket is called."""
    words = without_controls(filled_in(template.subject, values))
    line = " ".join(_MARK.sub(" ", words).split())[:_LONGEST_SUBJECT].strip()
    return f"{line} [{values['ticket.number']}]".strip()


def body_of(template: MailTemplate, values: Mapping[str, str]) -> str:
    return without_controls(filled_in(template.body, values))
