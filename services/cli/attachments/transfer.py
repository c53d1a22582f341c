"""Sends and fetches files piece by piece; what was fetched counts only when it is whole."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from google.api import httpbody_pb2

from helpdesk.ticket.v1 import attachment_pb2, attachment_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway

_PIECE = 256 * 1024
_PAGE = 100

Progress = Callable[[int], None]


def send_file(
    gateway: Gateway,
    ticket_id: str,
    file: Path,
    *,
    name: str = "",
    internal: bool = False,
    progress: Progress = lambda _: None,
) -> attachment_pb2.Attachment:
    first = attachment_service_pb2.UploadAttachmentRequest(
        ticket_id=ticket_id, file_name=name or file.name, internal=internal
    )
    with _opened(file) as stream:
        return send_stream(gateway, stream, first, progress)


def send_stream(
    gateway: Gateway,
    stream: BinaryIO,
    first: attachment_service_pb2.UploadAttachmentRequest,
    progress: Progress = lambda _: None,
) -> attachment_pb2.Attachment:
    """`first` is the first message but for the bytes."""
    return gateway.attachments.UploadAttachment(_messages(stream, first, progress))


def list_attachments(gateway: Gateway, ticket_id: str) -> list[attachment_pb2.Attachment]:
    found: list[attachment_pb2.Attachment] = []
    token = ""
    while True:
        page = gateway.attachments.ListAttachments(
            attachment_service_pb2.ListAttachmentsRequest(
                ticket_id=ticket_id, page_size=_PAGE, page_token=token
            )
        )
        found += page.attachments
        token = page.next_page_token
        if not token:
            return found


def find_attachment(gateway: Gateway, ticket_id: str, name: str) -> attachment_pb2.Attachment:
    """By its name, or by its id where several are called so."""
    found = [
        one
        for one in list_attachments(gateway, ticket_id)
        if name in (one.file_name, one.attachment_id)
    ]
    hint = f"helpdesk tickets attachments {ticket_id}"
    if not found:
        raise CommandError(
            f"There is no file {name} on this ticket.", hint=hint, code="ATTACHMENT_NOT_FOUND"
        )
    if len(found) > 1:
        raise CommandError(
            f"{len(found)} files are called {name}; say which one by its id.",
            hint=hint,
            code="ATTACHMENT_AMBIGUOUS",
        )
    return found[0]


def fetch(
    gateway: Gateway,
    attachment: attachment_pb2.Attachment,
    stream: BinaryIO,
    progress: Progress = lambda _: None,
) -> None:
    """Raises CommandError when other bytes come than those that were kept."""
    digest = hashlib.sha256()
    request = attachment_service_pb2.DownloadAttachmentRequest(
        ticket_id=attachment.ticket_id, attachment_id=attachment.attachment_id
    )
    for piece in gateway.attachments.DownloadAttachment(request):
        digest.update(piece.data)
        stream.write(piece.data)
        progress(len(piece.data))
    if digest.hexdigest() != attachment.sha256:
        raise CommandError(
            f"{attachment.file_name} did not come whole.",
            hint="run the same command again",
            code="DOWNLOAD_BROKEN",
        )


def fetch_to_file(
    gateway: Gateway,
    attachment: attachment_pb2.Attachment,
    target: Path,
    progress: Progress = lambda _: None,
) -> None:
    """Leaves nothing of a file that did not come whole, and none that was there before."""
    if target.exists() or target.is_symlink():
        raise CommandError(
            f"{target} exists already.", hint="name another file with -o", code="FILE_EXISTS"
        )
    part = target.with_name(f"{target.name}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(part, flags, 0o600), "wb") as stream:
            fetch(gateway, attachment, stream, progress)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        raise CommandError(
            f"{target} cannot be written: {error.strerror}.",
            hint="name a file on a disk with room",
            code="FILE_NOT_WRITTEN",
        ) from None
    finally:
        part.unlink(missing_ok=True)


def safe_name(attachment: attachment_pb2.Attachment) -> str:
    """What the file is called there, if it can lead nowhere but into this folder."""
    name = attachment.file_name
    if name in ("", ".", "..") or Path(name).name != name or not name.isprintable():
        raise CommandError(
            "The file's name cannot be used here.", hint="name the file with -o", code="FILE_NAME"
        )
    return name


def _messages(
    stream: BinaryIO,
    first: attachment_service_pb2.UploadAttachmentRequest,
    progress: Progress,
) -> Iterator[attachment_service_pb2.UploadAttachmentRequest]:
    piece = stream.read(_PIECE)
    first.content.data = piece
    yield first
    progress(len(piece))
    while piece := stream.read(_PIECE):
        yield attachment_service_pb2.UploadAttachmentRequest(
            content=httpbody_pb2.HttpBody(data=piece)
        )
        progress(len(piece))


def _opened(file: Path) -> BinaryIO:
    try:
        if file.is_file():
            return file.open("rb")
        problem = "it is no file" if file.exists() else "there is no such file"
    except OSError as error:
        problem = str(error.strerror)
    raise CommandError(
        f"{file} cannot be read: {problem}.",
        hint="helpdesk tickets attach TICKET FILE",
        code="FILE_NOT_READ",
    )
