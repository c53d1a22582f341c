"""How a file comes to a ticket, is read, and goes.

The bytes are on disk before the row that names them commits, and the row commits only while they
are there: the sweeper holds the tenant's log when it drops bytes, and so does whoever commits.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId, UserId, current_caller, current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.errors import (
    FieldViolation,
    InvalidRequest,
    PermissionMissing,
    StorageUnavailable,
)
from services.mesh.ids import new_id
from services.ticket.attachments.ports import ByteStore, Cabinet
from services.ticket.domain import (
    Act,
    Attachment,
    Change,
    Ticket,
    attached,
    detached,
    named_by,
    taken_over,
)
from services.ticket.domain.file_names import checked_name
from services.ticket.domain.media_types import Sniffer
from services.ticket.errors.attachments import AttachmentEmpty, InternalAttachmentNotAllowed
from services.ticket.ports.tickets import TicketReading, TicketStore, TicketWriting
from services.ticket.use_cases.ticketing import (
    find_attachment,
    find_to_change,
    find_visible,
    is_customer,
)

IMPORT_PERMISSION = "ticket.tickets.import"
_MOST_OF_TICKET = 1000


@dataclass(frozen=True)
class Past:
    """What is known of a file where its ticket was imported from."""

    author_id: UserId
    create_time: datetime
    comment_id: str | None


@dataclass(frozen=True)
class Upload:
    """What is said of a file before its bytes come."""

    ticket_id: str
    file_name: str
    declared_type: str
    is_internal: bool
    past: Past | None = None


@dataclass(frozen=True)
class KeptBytes:
    """Bytes on disk that nothing names yet."""

    sha256: str
    size_bytes: int
    media_type: str


async def upload(
    store: TicketStore,
    cabinet: Cabinet,
    clock: Clock,
    said: Upload,
    pieces: AsyncIterator[bytes],
    *,
    on_accepted: Callable[[], Awaitable[None]],
) -> Attachment:
    """Calls `on_accepted` when nothing but the bytes themselves could still be refused."""
    limits = cabinet.limits
    act = Act(current_user(), clock())
    said = replace(said, file_name=checked_name(said.file_name))
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, said.ticket_id)
        if said.is_internal and is_customer():
            raise InternalAttachmentNotAllowed
        attachment = _attachment(ticket, said, act)
        await _change(tickets, ticket, attachment, said.past, act)
        limits.require_room(await tickets.attachment_usage(ticket.ticket_id), 0)
    await on_accepted()
    kept = await take_in(cabinet, current_tenant(), said, pieces)
    async with store.transaction(current_tenant()) as tickets:
        ticket = await find_to_change(tickets, ticket.ticket_id)
        await require_bytes(tickets, cabinet.files, current_tenant(), kept)
        attachment = replace(
            attachment,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            media_type=kept.media_type,
        )
        known = await _same(tickets, attachment, is_past=said.past is not None)
        if known is not None:
            acts_on("attachment", known.attachment_id)
            return known
        limits.require_room(await tickets.attachment_usage(ticket.ticket_id), kept.size_bytes)
        change = await _change(tickets, ticket, attachment, said.past, act)
        await (tickets.keep(change) if said.past is None else tickets.keep_past_files(change))
        acts_on("attachment", attachment.attachment_id)
    return attachment


async def take_in(
    cabinet: Cabinet, tenant_id: TenantId, said: Upload, pieces: AsyncIterator[bytes]
) -> KeptBytes:
    """Returns once the bytes are on disk; what may not be there is gone before that."""
    sniffer, limits = Sniffer(), cabinet.limits

    def media_type() -> str:
        return sniffer.media_type(said.file_name, said.declared_type, limits.media_types)

    async with cabinet.files.incoming(tenant_id) as incoming:
        is_known = False
        async for piece in pieces:
            limits.require_size(incoming.size_bytes + len(piece))
            sniffer.feed(piece)
            if sniffer.knows_enough and not is_known:
                is_known = bool(media_type())
            await incoming.add(piece)
        if not incoming.size_bytes:
            raise AttachmentEmpty
        found = media_type()
        return KeptBytes(await incoming.keep(), incoming.size_bytes, found)


async def require_bytes(
    tickets: TicketWriting, files: ByteStore, tenant_id: TenantId, kept: KeptBytes
) -> None:
    """From here to the end of the transaction nobody drops them."""
    await tickets.hold_log()
    if not await files.has(tenant_id, kept.sha256):
        raise StorageUnavailable("The file was not kept. Send it again.")


async def find_to_download(store: TicketStore, ticket_id: str, attachment_id: str) -> Attachment:
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        return await find_attachment(tickets, ticket, attachment_id, with_merged=True)


async def delete_attachment(
    store: TicketStore, clock: Clock, ticket_id: str, attachment_id: str
) -> None:
    act = Act(current_user(), clock())
    async with store.transaction(current_tenant()) as tickets:
        ticket = await find_to_change(tickets, ticket_id)
        attachment = await find_attachment(tickets, ticket, attachment_id)
        await tickets.keep(detached(ticket, attachment, act))
        acts_on("attachment", attachment.attachment_id)


async def _change(
    tickets: TicketReading, ticket: Ticket, attachment: Attachment, past: Past | None, act: Act
) -> Change:
    if past is None:
        return attached(ticket, attachment, act)
    if not current_caller().may(IMPORT_PERMISSION):
        raise PermissionMissing(
            "You lack the permission that this needs.", metadata={"permission": IMPORT_PERMISSION}
        )
    if not await tickets.is_imported(ticket.ticket_id):
        raise _invalid("past_author_id", "is for files of imported tickets alone")
    if past.comment_id is not None:
        comment = await tickets.find_comment(ticket.ticket_id, past.comment_id)
        if comment is None:
            raise _invalid("past_comment_id", "names no comment of the ticket")
        named_by(comment, [replace(attachment, comment_id=None)])
    return taken_over(ticket, attachment, act)


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest(
        "The request breaks a rule.", violations=[FieldViolation(field, description)]
    )


async def _same(tickets: TicketReading, wanted: Attachment, *, is_past: bool) -> Attachment | None:
    """What the same upload has left, when its answer was not heard."""
    there = await tickets.list_attachments(
        wanted.ticket_id, limit=_MOST_OF_TICKET, after=None, with_internal=True
    )
    return next((one for one in there if _again(one, wanted, is_past=is_past) == wanted), None)


def _again(there: Attachment, wanted: Attachment, *, is_past: bool) -> Attachment:
    # Files of the past have times of their own: those of two times are two.
    time = there.create_time if is_past else wanted.create_time
    return replace(there, attachment_id=wanted.attachment_id, create_time=time)


def _attachment(ticket: Ticket, said: Upload, act: Act) -> Attachment:
    return Attachment(
        attachment_id=new_id(),
        ticket_id=ticket.ticket_id,
        comment_id=said.past.comment_id if said.past else None,
        file_name=said.file_name,
        media_type="",
        size_bytes=0,
        sha256="",
        is_internal=said.is_internal,
        author_id=said.past.author_id if said.past else act.actor_id,
        create_time=said.past.create_time if said.past else act.time,
    )
