"""The RPCs of files. Their bytes pass through piece by piece."""

import base64
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import grpc
from google.api import httpbody_pb2

from helpdesk.ticket.v1 import (
    attachment_pb2,
    attachment_service_pb2,
    attachment_service_pb2_grpc,
)
from services.mesh.caller import UserId, current_tenant
from services.mesh.clock import Clock
from services.mesh.errors import FieldViolation, InvalidRequest
from services.ticket.attachments import keeping
from services.ticket.attachments.keeping import Past, Upload
from services.ticket.attachments.ports import Cabinet
from services.ticket.convert.imports import time_of
from services.ticket.convert.tickets import attachment_message
from services.ticket.domain import Attachment
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases.listing import PageRequest, list_attachments

Context = grpc.aio.ServicerContext[Any, Any]
Pieces = AsyncIterator[attachment_service_pb2.UploadAttachmentRequest]


class AttachmentServicer(attachment_service_pb2_grpc.AttachmentServiceServicer):
    def __init__(self, store: TicketStore, cabinet: Cabinet, clock: Clock) -> None:
        self._store = store
        self._cabinet = cabinet
        self._clock = clock

    async def UploadAttachment(
        self, request: Pieces, context: Context
    ) -> attachment_pb2.Attachment:
        first = await anext(request, None)

        async def accept() -> None:
            # The gateway gives a request half a minute to arrive, or to be answered.
            await context.send_initial_metadata(())

        attachment = await keeping.upload(
            self._store,
            self._cabinet,
            self._clock,
            _said(first, self._clock),
            _pieces(first, request),
            on_accepted=accept,
        )
        return attachment_message(attachment)

    async def ListAttachments(
        self, request: attachment_service_pb2.ListAttachmentsRequest, context: object
    ) -> attachment_service_pb2.ListAttachmentsResponse:
        page = await list_attachments(
            self._store, PageRequest(request.page_size, request.page_token), request.ticket_id
        )
        return attachment_service_pb2.ListAttachmentsResponse(
            attachments=map(attachment_message, page.items), next_page_token=page.next_token
        )

    async def DownloadAttachment(
        self, request: attachment_service_pb2.DownloadAttachmentRequest, context: Context
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        found = await keeping.find_to_download(
            self._store, request.ticket_id, request.attachment_id
        )
        media_type = found.media_type
        async for piece in self._cabinet.files.read(current_tenant(), found.sha256):
            if media_type:
                await context.send_initial_metadata(_headers(found))
            yield httpbody_pb2.HttpBody(content_type=media_type, data=piece)
            media_type = ""

    async def DeleteAttachment(
        self, request: attachment_service_pb2.DeleteAttachmentRequest, context: object
    ) -> attachment_service_pb2.DeleteAttachmentResponse:
        await keeping.delete_attachment(
            self._store, self._clock, request.ticket_id, request.attachment_id
        )
        return attachment_service_pb2.DeleteAttachmentResponse()


def _said(first: attachment_service_pb2.UploadAttachmentRequest | None, clock: Clock) -> Upload:
    first = first or attachment_service_pb2.UploadAttachmentRequest()
    missing = [name for name in ("ticket_id", "file_name") if not getattr(first, name)]
    if missing:
        raise InvalidRequest(
            "The first message must say what the file is.",
            violations=[FieldViolation(name, "is missing") for name in missing],
        )
    media_type = first.content.content_type
    past = _past(first, clock)
    return Upload(first.ticket_id, first.file_name, media_type, first.internal, past)


def _past(first: attachment_service_pb2.UploadAttachmentRequest, clock: Clock) -> Past | None:
    if not first.past_author_id:
        if first.HasField("past_create_time") or first.past_comment_id:
            raise InvalidRequest(
                "The request breaks a rule.",
                violations=[FieldViolation("past_author_id", "is missing")],
            )
        return None
    time = time_of("past_create_time", first.past_create_time, clock())
    return Past(UserId(first.past_author_id), time, first.past_comment_id or None)


async def _pieces(
    first: attachment_service_pb2.UploadAttachmentRequest | None, rest: Pieces
) -> AsyncIterator[bytes]:
    if first is not None:
        yield first.content.data
    async for request in rest:
        yield request.content.data


def _headers(attachment: Attachment) -> tuple[tuple[str, str], ...]:
    """No browser may show the file as a page of ours, whatever it is."""
    plain = "".join(
        sign if sign.isascii() and sign.isprintable() and sign not in '"%\\' else "_"
        for sign in attachment.file_name
    )
    exact = quote(attachment.file_name, safe="")
    digest = base64.b64encode(bytes.fromhex(attachment.sha256)).decode()
    return (
        (
            "content-disposition",
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("repr-digest", f"sha-256=:{digest}:"),
    )
