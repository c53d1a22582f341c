"""The file of mailboxes: what it may say, and what is said of what it may not."""

from pathlib import Path

import pytest

from services.ticket.mail.mailboxes import MailboxesUnreadable, read_mailboxes

WELL = "address: help@acme.example, host: imap.example.com, user: help"


def read(tmp_path: Path, text: str) -> object:
    file = tmp_path / "mailboxes.yaml"
    file.write_text(text)
    return read_mailboxes(file)


def test_what_is_left_out_is_the_safe_choice(tmp_path: Path) -> None:
    read(tmp_path, f"- {{{WELL}, password_variable: SECRET}}")
    [mailbox] = read_mailboxes(tmp_path / "mailboxes.yaml")

    assert (mailbox.port, mailbox.security, mailbox.folder) == (993, "tls", "INBOX")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "mailboxes.yaml: "),
        ("\x00", "mailboxes.yaml: "),
        ("address: a@b", "expected a list"),
        ("- help@acme.example", "mailbox 1"),
        (f"- {{{WELL}}}", "password_file or password_variable"),
        (f"- {{{WELL}, password: a-secret}}", "password"),
        (f"- {{{WELL}, password_variable: A, password_file: b}}", "password_file or"),
        (f"- {{{WELL}, password_variable: A, security: none}}", "in the clear"),
        (f"- {{{WELL}, password_variable: A, folder: 'a\"b'}}", "folder"),
        (f'- {{{WELL}, password_variable: A, folder: "a\\r\\nb"}}', "folder"),
        (f"- {{{WELL}, password_variable: A, filed_folder: INBOX}}", "looked for"),
        (f"- {{{WELL}, password_variable: A, port: 0}}", "port"),
        (f'- {{{WELL}, password_variable: A, user: "a\\nb"}}', "user"),
        ("- {address: 'a+b@c', host: h, user: u, password_variable: A}", "plain address"),
        (f"- {{{WELL}, password_variable: A}}\n" * 2, "named twice"),
    ],
)
def test_what_cannot_be_is_refused_and_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(MailboxesUnreadable) as refusal:
        read(tmp_path, text)

    assert problem in str(refusal.value)
    assert "a-secret" not in str(refusal.value)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MailboxesUnreadable, match="mailboxes"):
        read_mailboxes(tmp_path / "mailboxes.yaml")


def test_without_its_password_a_mailbox_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HELPDESK_NO_SUCH", raising=False)
    read(tmp_path, f"- {{{WELL}, password_variable: HELPDESK_NO_SUCH}}")
    [mailbox] = read_mailboxes(tmp_path / "mailboxes.yaml")

    with pytest.raises(MailboxesUnreadable, match="no password"):
        mailbox.password()
