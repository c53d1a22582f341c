"""What a mail says, as far as it can be read. Anybody may have written it, so nothing here raises.

What is larger or deeper than people write is not taken apart but shown as it came: the parser of
the standard library calls itself for each level and keeps an object for each part.
"""

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from hashlib import sha256

from services.ticket.domain.media_types import default_name
from services.ticket.mail.automatic import is_automatic
from services.ticket.mail.text import text_of_html, without_controls

MOST_PARTS = 1_000
DEEPEST = 30
LONGEST_HEADERS = 128 * 1024
LONGEST_TEXT = 200_000
MOST_REFERENCES = 50
_LONGEST_NAME = 1000
MOST_RECIPIENTS = 50
# The parser looks at each line once for each level around it.
MOST_LOOKS = 1_000_000
# What the standard library lets through of mails that are no mails.
UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, RecursionError)

_CONTAINER = re.compile(rb"(?i)content-type:\s*(multipart|message)/")
_OF_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(rb"^--\S", re.MULTILINE)
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9.-]{1,189}\Z")
# Python knows codecs that make much out of little, or take long.
_CHARSET = re.compile(
    r"(?i)(utf-?8|us-ascii|ascii|latin-?1|utf-?16(le|be)?|iso-?8859-\d+|windows-\d+|cp\d+|koi8-[ru]"
    r"|gb2312|gbk|gb18030|big5|shift[_-]jis|iso-2022-(jp|kr)|euc-(jp|kr))\Z"
)


@dataclass(frozen=True)
class MailFile:
    """A part of a mail that is no text of it, as it was called there."""

    name: str
    media_type: str
    content: bytes

    @property
    def shown_name(self) -> str:
        return " ".join(without_controls(self.name).split())[:100] or self.media_type


@dataclass(frozen=True)
class IncomingMail:
    """`message_id` is made of the mail's bytes where it has none. Ids are without brackets."""

    message_id: str
    sender: str
    subject: str
    text: str
    references: tuple[str, ...]
    files: tuple[MailFile, ...]
    is_automatic: bool
    recipients: tuple[str, ...] = ()


def read_mail(raw: bytes) -> IncomingMail:
    """The sender is empty where none can be read."""
    message, is_whole = _parsed(raw)
    ids = _ids(message, "Message-ID")
    text, files = _text_of(message) if is_whole else (_decoded(_body(raw), ""), ())
    return IncomingMail(
        message_id=ids[0] if ids else sha256(raw).hexdigest(),
        sender=_sender(message),
        subject=" ".join(_header(message, "Subject").split()),
        text=text,
        references=tuple(
            [*_ids(message, "In-Reply-To"), *reversed(_ids(message, "References"))][
                :MOST_REFERENCES
            ]
        ),
        files=files,
        is_automatic=is_automatic(lambda name: _header(message, name)),
        recipients=_recipients(message),
    )


def plain_address(address: str) -> str:
    """In lower case; empty where it is none."""
    address = address.strip().lower()
    return address if _ADDRESS.match(address) else ""


def _parsed(raw: bytes) -> tuple[Message, bool]:
    """The message, and whether its body was taken apart."""
    end = _END_OF_HEADERS.search(raw)
    headers_end = end.start() if end else len(raw)
    levels = len(_CONTAINER.findall(raw))
    is_sane = (
        headers_end <= LONGEST_HEADERS
        and levels <= DEEPEST
        and (levels + 1) * raw.count(b"\n") <= MOST_LOOKS
        and sum(1 for _ in _BOUNDARY.finditer(raw)) <= MOST_PARTS
    )
    if is_sane:
        try:
            return BytesParser().parsebytes(raw), True
        except UNREADABLE:
            is_sane = False
    headers = raw[: min(headers_end, LONGEST_HEADERS)]
    return BytesParser().parsebytes(headers + b"\r\n\r\n", headersonly=True), is_sane


def _text_of(message: Message) -> tuple[str, tuple[MailFile, ...]]:
    plain, html, files = "", "", []
    for part in message.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        name = _file_name(part)
        if name or kind not in ("text/plain", "text/html"):
            files.append(MailFile(name or default_name(kind), kind, _bytes(part)))
        elif kind == "text/plain":
            plain = plain or _content(part).strip()
        else:
            html = html or _content(part)
    text = plain or text_of_html(html)
    return without_controls(text), tuple(files)


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename()
        is_attached = part.get_content_disposition() == "attachment"
    except UNREADABLE:
        return "a file"
    if name:
        return str(name)[:_LONGEST_NAME]
    return default_name(part.get_content_type()) if is_attached else ""


def _bytes(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except UNREADABLE:
        return b""
    return content if isinstance(content, bytes) else b""


def _content(part: Message) -> str:
    try:
        content = part.get_payload(decode=True)
        charset = str(part.get_content_charset() or "")
    except UNREADABLE:
        return ""
    return _decoded(content, charset) if isinstance(content, bytes) else ""


def _decoded(content: bytes, charset: str) -> str:
    content = content[:LONGEST_TEXT]
    for name in (charset, "utf-8"):
        if _CHARSET.match(name):
            try:
                return without_controls(content.decode(name))
            except (LookupError, UnicodeError):
                pass
    return without_controls(content.decode("utf-8", errors="replace"))


def _body(raw: bytes) -> bytes:
    end = _END_OF_HEADERS.search(raw)
    return raw[end.end() :] if end else b""


def _header(message: Message, name: str) -> str:
    try:
        value = str(message.get(name, ""))[:LONGEST_HEADERS]
    except UNREADABLE:
        return ""
    try:
        parts = decode_header(value)
    except (HeaderParseError, *UNREADABLE):
        return without_controls(value)
    return "".join(
        _decoded(part, charset or "") if isinstance(part, bytes) else without_controls(part)
        for part, charset in parts
    )


def _ids(message: Message, name: str) -> list[str]:
    return _MESSAGE_ID.findall(_header(message, name))


def _recipients(message: Message) -> tuple[str, ...]:
    """By its headers, which is all that a mailbox has of them."""
    try:
        values = [
            str(value)[:5000] for name in _OF_RECIPIENTS for value in message.get_all(name, ())
        ]
        found = getaddresses(values[:MOST_RECIPIENTS])[:MOST_RECIPIENTS]
    except UNREADABLE:
        return ()
    return tuple(address for _, each in found if (address := plain_address(each)))


def _sender(message: Message) -> str:
    """Of several the first; a name that looks like an address is none."""
    try:
        value = str(message.get("From", ""))[:1000]
        found = getaddresses([value])
    except UNREADABLE:
        return ""
    return plain_address(found[0][1]) if found else ""
