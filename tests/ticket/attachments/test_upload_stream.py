"""What holds for an upload while it comes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.api import httpbody_pb2

from helpdesk.ticket.v1 import attachment_service_pb2, ticket_pb2
from helpdesk.ticket.v1.attachment_service_pb2 import UploadAttachmentRequest
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.settings import MeshSettings
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import RunningServer, refused
from tests.ticket.clients import CUSTOMER_PERMISSIONS, Client, serving

UPLOAD = "/helpdesk.ticket.v1.AttachmentService/UploadAttachment"


@pytest.fixture
async def server(
    sql_store: SqlTicketStore, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    async with serving(sql_store, database, mesh_settings) as running:
        yield running


async def test_an_upload_ends_when_its_permission_does(
    server: RunningServer, tenant_id: TenantId
) -> None:
    anna = server.user(tenant_id=tenant_id, permissions=CUSTOMER_PERMISSIONS)
    await Client(server.channel(), anna).opened()
    call = server.channel().stream_unary(
        UPLOAD, UploadAttachmentRequest.SerializeToString, ticket_pb2.Ticket.FromString
    )(metadata=anna.metadata, timeout=30)
    piece = httpbody_pb2.HttpBody(data=b"Text.")
    await call.write(UploadAttachmentRequest(ticket_id="1", file_name="a.txt", content=piece))
    await call.initial_metadata()
    server.authority.users[anna.token] = replace(anna, permissions=frozenset())
    await call.write(UploadAttachmentRequest(content=piece))
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await call


async def test_broken_bytes_are_the_senders_mistake(
    server: RunningServer, tenant_id: TenantId
) -> None:
    anna = server.user(tenant_id=tenant_id, permissions=CUSTOMER_PERMISSIONS)
    send: Any = server.channel().stream_unary(UPLOAD)
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await send(iter([b"\xff\xff\xff"]), metadata=anna.metadata, timeout=30)


async def test_every_message_is_held_against_the_contract(
    server: RunningServer, tenant_id: TenantId
) -> None:
    anna = server.user(tenant_id=tenant_id, permissions=CUSTOMER_PERMISSIONS)
    await Client(server.channel(), anna).opened()
    send: Any = server.channel().stream_unary(
        UPLOAD, attachment_service_pb2.UploadAttachmentRequest.SerializeToString
    )
    messages = [
        UploadAttachmentRequest(ticket_id="1", file_name="a.txt"),
        UploadAttachmentRequest(file_name="x" * 1001),
    ]
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await send(iter(messages), metadata=anna.metadata, timeout=30)
    assert "file_name" in refusals[0].violations


async def test_an_upload_that_is_broken_off_leaves_nothing(
    server: RunningServer, tenant_id: TenantId
) -> None:
    anna = server.user(tenant_id=tenant_id, permissions=CUSTOMER_PERMISSIONS)
    client = Client(server.channel(), anna)
    await client.opened()
    call = server.channel().stream_unary(
        UPLOAD, UploadAttachmentRequest.SerializeToString, ticket_pb2.Ticket.FromString
    )(metadata=anna.metadata, timeout=30)
    piece = httpbody_pb2.HttpBody(data=b"Text.")
    await call.write(UploadAttachmentRequest(ticket_id="1", file_name="a.txt", content=piece))
    await call.initial_metadata()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    folder = server.settings.data / "attachments"

    def files() -> list[object]:
        return [path for path in folder.rglob("*") if path.is_file()]

    async with asyncio.timeout(20):
        while await asyncio.to_thread(files):  # noqa: ASYNC110 - the disk cannot tell
            await asyncio.sleep(0.01)
    assert not (await client.ListAttachments(ticket_id="1")).attachments
