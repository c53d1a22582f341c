"""A template of mails as people write it down, like a mail; `text_of` and `read_template` undo each
other.

    Subject: Your ticket {{ticket.number}}

    Hello,

    {{reply.text}}
"""

from pathlib import Path

from helpdesk.ticket.v1 import mail_template_service_pb2
from services.cli.failures import CommandError

_SUBJECT = "Subject:"


def read_template(
    kind: mail_template_service_pb2.MailKind.ValueType, file: Path
) -> mail_template_service_pb2.MailTemplate:
    """Raises CommandError where it is no mail; what is wrong with one, the service says."""
    try:
        head, _, body = file.read_text("utf-8-sig").partition("\n\n")
    except (OSError, ValueError) as error:
        raise _wrong(f"{file} cannot be read: {str(error).splitlines()[0]}") from None
    if not head.startswith(_SUBJECT) or "\n" in head:
        raise _wrong(f"{file} does not begin with one line 'Subject: …' and an empty one")
    return mail_template_service_pb2.MailTemplate(
        kind=kind, subject=head.removeprefix(_SUBJECT).strip(), body=body.rstrip("\n")
    )


def text_of(template: mail_template_service_pb2.MailTemplate) -> str:
    return f"{_SUBJECT} {template.subject}\n\n{template.body}\n"


def _wrong(message: str) -> CommandError:
    return CommandError(
        message, hint="Subject: {{ticket.subject}}", code="MAIL_TEMPLATE_UNREADABLE"
    )
