"""The files of a mail: kept under the limits of all files, and named where they are not."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from services.mesh.caller import TenantId
from services.mesh.errors import FailedPrecondition, InvalidArgument
from services.mesh.ids import new_id
from services.ticket.attachments.keeping import KeptBytes, Upload, require_bytes, take_in
from services.ticket.attachments.ports import Cabinet
from services.ticket.domain import Act, Attachment, AttachmentUsage, Ticket, attached
from services.ticket.domain.file_names import checked_name
from services.ticket.mail.message import MailFile
from services.ticket.ports.tickets import TicketWriting

MOST_FILES = 20
_PIECE = 256 * 1024


@dataclass(frozen=True)
class TakenFile:
    name: str
    kept: KeptBytes


@dataclass(frozen=True)
class TakenFiles:
    """`left_out` says of each that is not among them what it is called, and why."""

    files: tuple[TakenFile, ...] = ()
    left_out: tuple[str, ...] = ()


async def take_files(
    cabinet: Cabinet | None, tenant_id: TenantId, files: Sequence[MailFile]
) -> TakenFiles:
    """Before the transaction that names them: writing takes a while. No file fails the mail."""
    if cabinet is None:
        return TakenFiles(left_out=tuple(file.shown_name for file in files))
    taken: list[TakenFile] = []
    left_out: list[str] = []
    for file in files:
        try:
            if len(taken) >= MOST_FILES:
                raise FilesTooMany
            said = Upload("", checked_name(file.name), file.media_type, is_internal=False)
            kept = await take_in(cabinet, tenant_id, said, _pieces(file.content))
            taken.append(TakenFile(said.file_name, kept))
        except (FilesTooMany, InvalidArgument) as error:
            left_out.append(f"{file.shown_name} ({_why(error)})")
    return TakenFiles(tuple(taken), tuple(left_out))


class FilesTooMany(Exception):
    """There are more files in one mail than are taken."""


async def fitting(
    writing: TicketWriting,
    cabinet: Cabinet | None,
    to: TenantId,
    ticket_id: str,
    taken: TakenFiles,
) -> TakenFiles:
    """Those for which the tenant and the ticket have room.

    Their bytes are there until the end of the transaction. Raises StorageUnavailable otherwise.
    """
    if cabinet is None or not taken.files:
        return taken
    usage = await writing.attachment_usage(ticket_id)
    files, left_out = [], [*taken.left_out]
    for file in taken.files:
        try:
            cabinet.limits.require_room(usage, file.kept.size_bytes)
        except FailedPrecondition as error:
            left_out.append(f"{file.name} ({_why(error)})")
            continue
        await require_bytes(writing, cabinet.files, to, file.kept)
        files.append(file)
        usage = AttachmentUsage(
            usage.bytes_of_tenant + file.kept.size_bytes, usage.count_of_ticket + 1
        )
    return TakenFiles(tuple(files), tuple(left_out))


async def put_on(
    writing: TicketWriting, ticket: Ticket, taken: TakenFiles, act: Act
) -> tuple[Ticket, tuple[Attachment, ...]]:
    """Returns the ticket with them."""
    made = []
    for file in taken.files:
        attachment = Attachment(
            attachment_id=new_id(),
            ticket_id=ticket.ticket_id,
            comment_id=None,
            file_name=file.name,
            media_type=file.kept.media_type,
            size_bytes=file.kept.size_bytes,
            sha256=file.kept.sha256,
            is_internal=False,
            author_id=act.actor_id,
            create_time=act.time,
        )
        change = attached(ticket, attachment, act)
        await writing.keep(change)
        ticket = change.ticket
        made.append(attachment)
    return ticket, tuple(made)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]


def _why(error: FilesTooMany | InvalidArgument | FailedPrecondition) -> str:
    if isinstance(error, FilesTooMany):
        return f"more than {MOST_FILES} files"
    return error.message.rstrip(".").lower()
