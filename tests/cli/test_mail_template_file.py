"""What is written down of a template is read as it is meant, and shown so that it is read again."""

from pathlib import Path

import pytest

from helpdesk.ticket.v1.mail_template_service_pb2 import MAIL_KIND_REPLY
from services.cli.failures import CommandError
from services.cli.mail_template_file import read_template, text_of

WRITTEN = "Subject: On {{ticket.subject}}: news\n\nHello,\n\n  {{reply.text}}\n\nSubject: x\n"


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "reply.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_a_template_is_read_and_shown_again(tmp_path: Path) -> None:
    template = read_template(MAIL_KIND_REPLY, written(tmp_path, WRITTEN))
    assert template.subject == "On {{ticket.subject}}: news"
    assert template.body == "Hello,\n\n  {{reply.text}}\n\nSubject: x"
    assert text_of(template) == WRITTEN


def test_lines_may_end_as_elsewhere(tmp_path: Path) -> None:
    file = written(tmp_path, b"\xef\xbb\xbf" + WRITTEN.replace("\n", "\r\n").encode())
    assert text_of(read_template(MAIL_KIND_REPLY, file)) == WRITTEN


@pytest.mark.parametrize(
    "text", ["", "Hello", "Subject: a\nBcc: b\n\n{{reply.text}}", b"Subject: \xff\n\nx"]
)
def test_what_is_no_mail_is_refused(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(CommandError) as refusal:
        read_template(MAIL_KIND_REPLY, written(tmp_path, text))
    assert refusal.value.code == "MAIL_TEMPLATE_UNREADABLE"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        read_template(MAIL_KIND_REPLY, tmp_path / "none.txt")
