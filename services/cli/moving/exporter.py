"""Writes tickets to a file, page by page, so that nothing has to fit into memory but one page."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import grpc

from helpdesk.ticket.v1 import attachment_pb2, ticket_pb2, ticket_service_pb2
from services.cli import ticket_lookup
from services.cli.attachments.transfer import list_attachments
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.moving.folder import FileFolder, folder_beside
from services.cli.moving.record import Person, TicketRecord, line_of, named_in
from services.cli.moving.sheet import head, row_of
from services.cli.own_fields import list_fields
from services.cli.people import list_users

_PAGE = 100
_TAIL = 1024 * 1024


class FileFormat(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True)
class Written:
    tickets: int
    files: int
    folder: Path


def export_tickets(
    gateway: Gateway,
    file: Path,
    *,
    wanted: str,
    file_format: FileFormat,
    resume: bool,
    progress: Callable[[str], None],
) -> Written:
    """A file that is resumed goes on behind its last ticket."""
    folder = FileFolder(folder_beside(file))
    files = 0
    with _opened(file, resume=resume) as stream:
        last = _last_number(stream, file) if resume else 0
        people = {
            user.user_id: Person(user.email, user.display_name) for user in list_users(gateway)
        }
        written = 0
        keys = []
        if file_format is FileFormat.CSV:
            keys = [field.key for field in list_fields(gateway)]
            stream.write(head(keys).encode())
        for ticket in _walk(gateway, wanted, last):
            attachments = _attachments(gateway, ticket.ticket_id)
            if file_format is FileFormat.CSV:
                text = row_of(ticket, people, keys, attachments)
            else:
                # The files first: a line that is there says that they are.
                attachments = [one for one in attachments if _is_saved(gateway, one, folder)]
                text = line_of(record_of(gateway, ticket, people, attachments))
                files += len(attachments)
            # One write for each ticket: what is cut off by a kill is its last line alone.
            stream.write(text.encode())
            written += 1
            progress(f"#{ticket.number}")
        os.fsync(stream.fileno())
    return Written(written, files, folder.path)


def record_of(
    gateway: Gateway,
    ticket: ticket_pb2.Ticket,
    people: Mapping[str, Person],
    attachments: list[attachment_pb2.Attachment],
) -> TicketRecord:
    # Those of a ticket that was merged into it are on that one's own line.
    comments = [
        comment
        for comment in ticket_lookup.list_comments(gateway, ticket.ticket_id)
        if comment.ticket_id == ticket.ticket_id
    ]
    events = [*ticket_lookup.list_events(gateway, ticket.ticket_id)]
    named = named_in(ticket, comments, events, attachments)
    known = {name: people[name] for name in named if name in people}
    return TicketRecord(ticket, comments, events, attachments, known)


def _attachments(gateway: Gateway, ticket_id: str) -> list[attachment_pb2.Attachment]:
    found = list_attachments(gateway, ticket_id)
    return [attachment for attachment in found if attachment.ticket_id == ticket_id]


def _is_saved(gateway: Gateway, attachment: attachment_pb2.Attachment, folder: FileFolder) -> bool:
    try:
        folder.save(gateway, attachment)
    except grpc.RpcError as error:
        # Somebody has taken it away since it was listed.
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return False
        raise
    return True


def _walk(gateway: Gateway, wanted: str, last: int) -> Iterator[ticket_pb2.Ticket]:
    parts = [f"({wanted})"] if wanted else []
    parts += [f"number > {last}"] if last else []
    token = ""
    while True:
        page = gateway.tickets.ListTickets(
            ticket_service_pb2.ListTicketsRequest(
                page_size=_PAGE, page_token=token, filter=" AND ".join(parts), order_by="number"
            )
        )
        yield from page.tickets
        token = page.next_page_token
        if not token:
            return


def _opened(file: Path, *, resume: bool) -> BinaryIO:
    # Never through a link that somebody has laid there.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (0 if resume else os.O_EXCL)
    try:
        return os.fdopen(os.open(file, flags, 0o600), "r+b", buffering=0)
    except FileExistsError:
        raise CommandError(
            f"{file} exists already.",
            hint="name another file, or add --resume to go on where the last export stopped",
            code="FILE_EXISTS",
        ) from None
    except OSError as error:
        raise CommandError(
            f"{file} cannot be written: {error.strerror}.",
            hint="name a file on a disk with room",
            code="FILE_NOT_WRITTEN",
        ) from None


def _last_number(stream: BinaryIO, file: Path) -> int:
    """Takes away a line that was cut off, and leaves the place behind the last whole one."""
    end = _cut(stream)
    stream.seek(0, os.SEEK_END)
    if end == 0:
        return 0
    line = _last_line(stream, end)
    try:
        return int(json.loads(line)["ticket"]["number"])
    except (ValueError, KeyError, TypeError):
        raise CommandError(
            f"{file} is no export of tickets as JSON lines.",
            hint="helpdesk tickets export NEW_FILE",
            code="FILE_NOT_RESUMED",
        ) from None


def _cut(stream: BinaryIO) -> int:
    end = stream.seek(0, os.SEEK_END)
    break_at = _find_back(stream, end)
    stream.truncate(break_at)
    return break_at


def _last_line(stream: BinaryIO, end: int) -> bytes:
    begin = _find_back(stream, end - 1)
    stream.seek(begin)
    line = stream.read(end - begin)
    stream.seek(0, os.SEEK_END)
    return line


def _find_back(stream: BinaryIO, end: int) -> int:
    """The place behind the last line break before `end`; 0 when there is none."""
    while end > 0:
        begin = max(0, end - _TAIL)
        stream.seek(begin)
        found = stream.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
