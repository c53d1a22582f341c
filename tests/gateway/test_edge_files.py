"""Files over REST: as the body of a request, and as the body of an answer, piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import grpc
import httpx2
import pytest
from google.api import httpbody_pb2
from google.protobuf.message import Message

from helpdesk.ticket.v1 import attachment_pb2
from helpdesk.ticket.v1.attachment_service_pb2 import UploadAttachmentRequest
from tests.gateway.conftest import MAX_BODY_BYTES
from tests.gateway.mesh import Mesh
from tests.gateway.upstream import Context

SERVICE = "/helpdesk.ticket.v1.AttachmentService"
UPLOAD, DOWNLOAD = f"{SERVICE}/UploadAttachment", f"{SERVICE}/DownloadAttachment"
FILES = "/v1/tickets/12/attachments"
LARGE = bytes(range(256)) * 64 * 1024  # 16 MiB


class Taken:
    """What the service was sent."""

    def __init__(self) -> None:
        self.messages: list[UploadAttachmentRequest] = []
        self.came = asyncio.Event()

    async def __call__(self, requests: AsyncIterator[Message], context: Context) -> Message:
        async for request in requests:
            self.messages.append(cast("UploadAttachmentRequest", request))
            self.came.set()
        return attachment_pb2.Attachment(attachment_id="7", size_bytes=len(self.content))

    @property
    def content(self) -> bytes:
        return b"".join(message.content.data for message in self.messages)


@pytest.fixture
def taken(mesh: Mesh) -> Taken:
    mesh["ticket"].takes[UPLOAD] = found = Taken()
    return found


async def test_the_body_is_the_file_and_is_passed_on_while_it_comes(
    rest: httpx2.AsyncClient, taken: Taken
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"first "
        # Nothing else is sent before the service has this: nobody waits for the whole.
        await asyncio.wait_for(taken.came.wait(), 20)
        yield b"second"

    answer = await rest.post(
        f"{FILES}?fileName=a%20b.txt&internal=true",
        content=body(),
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["sizeBytes"] == "12"
    first = taken.messages[0]
    assert (first.ticket_id, first.file_name, first.internal) == ("12", "a b.txt", True)
    assert first.content.content_type == "text/plain"
    assert taken.content == b"first second"


async def test_a_file_is_larger_than_any_other_body_may_be(
    rest: httpx2.AsyncClient, taken: Taken
) -> None:
    assert len(LARGE) > MAX_BODY_BYTES
    answer = await rest.post(FILES, params={"fileName": "x.gz"}, content=LARGE)
    assert answer.status_code == 200, answer.text
    assert taken.content == LARGE
    refused = await rest.post("/v1/tickets", content=LARGE[: 2 * MAX_BODY_BYTES])
    assert refused.status_code == 413


async def test_an_empty_file_reaches_the_service(rest: httpx2.AsyncClient, taken: Taken) -> None:
    answer = await rest.post(FILES, params={"fileName": "x.txt"})
    assert answer.status_code == 200, answer.text
    assert [message.file_name for message in taken.messages] == ["x.txt"]
    assert taken.content == b""


async def test_a_file_that_looks_like_a_request_is_still_a_file(
    rest: httpx2.AsyncClient, taken: Taken
) -> None:
    body = b'{"ticket_id": "13", "file_name": "other"}'
    await rest.post(
        FILES,
        params={"fileName": "x.json"},
        content=body,
        headers={"content-type": "application/json"},
    )
    assert (taken.messages[0].ticket_id, taken.messages[0].file_name) == ("12", "x.json")
    assert taken.content == body


@pytest.mark.parametrize("query", ["ticketId=13", "content.content_type=text/html", "colour=red"])
async def test_the_query_says_only_what_it_may(
    rest: httpx2.AsyncClient, taken: Taken, query: str
) -> None:
    answer = await rest.post(f"{FILES}?fileName=x.txt&{query}", content=b"x")
    assert answer.status_code == 400
    assert not taken.messages


async def test_an_early_refusal_reaches_the_sender(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    async def refuse(requests: AsyncIterator[Message], context: Context) -> Message:
        await context.send_initial_metadata(())
        async for _ in requests:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The file is too large.")
        raise AssertionError

    mesh["ticket"].takes[UPLOAD] = refuse
    answer = await rest.post(FILES, params={"fileName": "x.gz"}, content=b"x" * 1000)
    assert answer.status_code == 400
    assert answer.json()["message"] == "The file is too large."


async def test_a_download_is_the_file_and_nothing_else(
    mesh: Mesh, rest: httpx2.AsyncClient
) -> None:
    first_was_read = asyncio.Event()

    async def answer(request: Message, context: Context) -> AsyncIterator[Message]:
        await context.send_initial_metadata((("content-disposition", 'attachment; filename="x"'),))
        yield httpbody_pb2.HttpBody(content_type="application/pdf", data=b"%PDF-")
        await first_was_read.wait()
        yield httpbody_pb2.HttpBody(data=b"\x00\xff\n")

    mesh["ticket"].streams[DOWNLOAD] = answer
    pieces = []
    async with rest.stream("GET", f"{FILES}/7:download") as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/pdf"
        assert response.headers["content-disposition"] == 'attachment; filename="x"'
        assert response.headers["x-content-type-options"] == "nosniff"
        async for piece in response.aiter_raw():
            pieces.append(piece)
            first_was_read.set()
    assert b"".join(pieces) == b"%PDF-\x00\xff\n"


async def test_a_download_that_is_refused_is_an_error(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    async def answer(request: Message, context: Context) -> AsyncIterator[Message]:
        await context.abort(grpc.StatusCode.NOT_FOUND, "There is no such file.")
        yield httpbody_pb2.HttpBody()

    mesh["ticket"].streams[DOWNLOAD] = answer
    answered = await rest.get(f"{FILES}/7:download")
    assert answered.status_code == 404
    assert answered.json()["message"] == "There is no such file."
