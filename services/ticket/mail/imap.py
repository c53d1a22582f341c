"""A folder of a mailbox, over IMAP. All of it blocks, so that it lives in a thread of its own."""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.ticket.mail.mailboxes import Mailbox, MailboxesUnreadable

_SECONDS = 30.0
_SIZE = re.compile(rb"RFC822\.SIZE ([0-9]{1,15})")
# The protocol's own names; strftime would take the machine's language.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class MailboxProblem(Exception):
    """The mailbox cannot be looked into now: away, closed to us, or broken off."""


class MessageRefused(Exception):
    """The server does not do this with the one message; others may be well."""


@dataclass(frozen=True)
class FolderState:
    uid_validity: int
    uid_next: int


class ImapFolder:
    """Each method raises MailboxProblem; those about one message MessageRefused, too."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._connection: imaplib.IMAP4 | None = None
        self._capabilities: frozenset[str] = frozenset()

    def open(self) -> FolderState:
        with _problems():
            connection = self._connect()
            self._log_in(connection)
            # More than before: some are only for those who are in.
            told = connection.capability()[1]
            self._capabilities = frozenset(b" ".join(told).decode("ascii", "replace").split())
            answer, words = connection.select(_quoted(self._mailbox.folder))
            if answer != "OK":
                raise MailboxProblem(f"the folder cannot be opened: {_text(words)}")
            return FolderState(self._told("UIDVALIDITY"), self._told("UIDNEXT"))

    def has(self, capability: str) -> bool:
        return capability in self._capabilities

    def uids_from(self, uid: int) -> list[int]:
        # `n:*` is never empty: beyond the end it means the last one.
        return [each for each in self._search(f"UID {uid}:*") if each >= uid]

    def unseen(self) -> list[int]:
        return self._search("UNSEEN")

    def unseen_or_since(self, day: date) -> list[int]:
        return self._search(f"OR UNSEEN SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def size_of(self, uid: int) -> int | None:
        """None where the message is gone."""
        for part in self._of_message("FETCH", uid, "(RFC822.SIZE)"):
            found = _SIZE.search(part if isinstance(part, bytes) else b"")
            if found:
                return int(found[1])
        return None

    def fetch(self, uid: int) -> bytes | None:
        """As it came, without being marked as seen; None where the message is gone."""
        for part in self._of_message("FETCH", uid, "(BODY.PEEK[])"):
            if isinstance(part, tuple):
                return bytes(part[1])
        return None

    def mark_seen(self, uid: int) -> None:
        self._of_message("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def move(self, uid: int, folder: str) -> None:
        """Into a folder that is made where there is none."""
        try:
            self._move(uid, folder)
        except MessageRefused:
            self._do(lambda connection: connection.create(_quoted(folder)))
            self._move(uid, folder)

    def log_out(self) -> None:
        with _problems():
            self._connected().logout()

    def abort(self) -> None:
        """From any thread: whatever waits for the server stops waiting."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.socket().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown()

    def _connect(self) -> imaplib.IMAP4:
        mailbox = self._mailbox
        trust = ssl.create_default_context(cafile=mailbox.ca_file)
        if mailbox.security == "tls":
            self._connection = imaplib.IMAP4_SSL(
                mailbox.host, mailbox.port, ssl_context=trust, timeout=_SECONDS
            )
        else:
            self._connection = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=_SECONDS)
            if mailbox.security == "starttls":
                self._connection.starttls(ssl_context=trust)
        return self._connection

    def _connected(self) -> imaplib.IMAP4:
        if self._connection is None:
            raise MailboxProblem("there is no connection")
        return self._connection

    def _log_in(self, connection: imaplib.IMAP4) -> None:
        try:
            user, password = self._mailbox.user, self._mailbox.password()
            if "AUTH=PLAIN" in connection.capabilities:
                connection.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
            else:
                connection.login(_quoted(user), password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise MailboxProblem("the login was refused") from None
        except (MailboxesUnreadable, UnicodeError) as error:
            raise MailboxProblem(str(error)) from None

    def _told(self, name: str) -> int:
        words = self._connected().response(name)[1]
        try:
            return int(words[0])
        except (TypeError, ValueError, IndexError):
            raise MailboxProblem(f"the server names no {name}") from None

    def _search(self, which: str) -> list[int]:
        try:
            found = self._do(lambda connection: connection.uid("SEARCH", f"UNDELETED {which}"))
        except MessageRefused as refusal:
            raise MailboxProblem(f"the folder cannot be searched: {refusal}") from None
        return sorted({int(uid) for part in found for uid in (part or b"").split()})

    def _move(self, uid: int, folder: str) -> None:
        if self.has("MOVE"):
            self._of_message("MOVE", uid, _quoted(folder))
            return
        self._of_message("COPY", uid, _quoted(folder))
        self._of_message("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        # A plain EXPUNGE would take away what others have marked.
        if self.has("UIDPLUS"):
            self._of_message("EXPUNGE", uid)

    def _of_message(self, command: str, uid: int, *arguments: str) -> list[Any]:
        return self._do(lambda connection: connection.uid(command, str(uid), *arguments))

    def _do(self, command: Callable[[imaplib.IMAP4], tuple[str, list[Any]]]) -> list[Any]:
        with _problems():
            try:
                answer, words = command(self._connected())
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                raise MessageRefused(_shortened(str(error))) from None
        if answer != "OK":
            raise MessageRefused(_text(words))
        return words


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxProblem(f"{type(error).__name__}: {_shortened(str(error))}") from None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text(words: list[Any]) -> str:
    first = words[0] if words else b""
    return _shortened(first.decode("ascii", "replace") if isinstance(first, bytes) else "")


def _shortened(text: str) -> str:
    """What a server says may be anything."""
    return "".join(letter for letter in text if letter.isprintable())[:200]
