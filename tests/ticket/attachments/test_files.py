"""Files on tickets through a real server: who sees them, what is refused, and what stays."""

import hashlib
from collections.abc import AsyncIterator

import grpc
import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.domain import AttachmentLimits, fold_attachments
from services.ticket.ports.tickets import EventQuery
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import refused
from tests.ticket.clients import People, serving

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
DENIED = grpc.StatusCode.PERMISSION_DENIED
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@pytest.fixture
async def narrow(
    sql_store: SqlTicketStore,
    database: Database,
    mesh_settings: MeshSettings,
    tenant_id: TenantId,
    stranger_id: TenantId,
) -> AsyncIterator[People]:
    """Where little may be kept."""
    limits = AttachmentLimits(
        most_bytes=1000,
        most_bytes_of_tenant=2500,
        most_of_ticket=3,
        media_types=frozenset({"text/plain", "image/png"}),
    )
    async with serving(sql_store, database, mesh_settings, limits) as server:
        yield People(server, tenant_id, stranger_id)


async def test_a_file_comes_back_as_it_was(people: People) -> None:
    ticket = await people.anna.opened()
    made = await people.anna.attached(ticket.ticket_id, PNG, "screen.png", "image/png")
    assert (made.file_name, made.media_type, made.size_bytes) == ("screen.png", "image/png", 10248)
    assert made.sha256 == hashlib.sha256(PNG).hexdigest()
    assert (made.ticket_id, made.author_id) == (ticket.ticket_id, people.anna.user_id)
    for reader in (people.anna, people.alex):
        assert await reader.downloaded("1", made.attachment_id) == PNG
        listed = await reader.ListAttachments(ticket_id="1")
        assert list(listed.attachments) == [made]


async def test_a_download_says_how_it_is_to_be_saved(people: People) -> None:
    await people.anna.opened()
    made = await people.anna.attached("1", b"Text.", 'né "x".txt')
    call = people.anna.DownloadAttachment(ticket_id="1", attachment_id=made.attachment_id)
    pieces = [piece async for piece in call]
    headers = dict(await call.initial_metadata())
    assert pieces[0].content_type == "text/plain"
    assert headers["content-disposition"] == (
        "attachment; filename=\"n_ _x_.txt\"; filename*=UTF-8''n%C3%A9%20%22x%22.txt"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox")


async def test_nobody_else_sees_a_file(people: People) -> None:
    ticket = await people.anna.opened()
    other = await people.ben.opened()
    made = await people.anna.attached("1", b"Text.")
    for stranger in (people.ben, people.gerd):
        for call in (
            stranger.ListAttachments(ticket_id=ticket.ticket_id),
            stranger.downloaded(ticket.ticket_id, made.attachment_id),
            stranger.attached(ticket.ticket_id),
        ):
            with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
                await call
    # Nor by way of a ticket of one's own.
    for reader, there in ((people.ben, other.ticket_id), (people.alex, other.ticket_id)):
        for attachment_id in (made.attachment_id, new_id(), "../x"):
            with refused(NOT_FOUND, "ATTACHMENT_NOT_FOUND") as refusals:
                await reader.downloaded(there, attachment_id)
            assert refusals[0].metadata == {"attachment_id": attachment_id}
    for call in (
        people.nobody.ListAttachments(ticket_id="1"),
        people.nobody.attached("1"),
        people.nobody.downloaded("1", made.attachment_id),
        people.anna.DeleteAttachment(ticket_id="1", attachment_id=made.attachment_id),
    ):
        with refused(DENIED, "PERMISSION_MISSING"):
            await call


async def test_customers_learn_nothing_of_internal_files(people: People) -> None:
    before = await people.anna.opened()
    made = await people.alex.attached("1", PNG, "log.png", internal=True)
    assert made.internal
    assert await people.alex.downloaded("1", made.attachment_id) == PNG
    assert not (await people.anna.ListAttachments(ticket_id="1")).attachments
    with refused(NOT_FOUND, "ATTACHMENT_NOT_FOUND"):
        await people.anna.downloaded("1", made.attachment_id)
    assert await people.anna.GetTicket(ticket_id="1") == before
    assert len((await people.anna.ListTicketEvents(ticket_id="1")).events) == 1
    assert len((await people.alex.ListTicketEvents(ticket_id="1")).events) == 2
    with refused(DENIED, "INTERNAL_ATTACHMENT_NOT_ALLOWED"):
        await people.anna.attached("1", internal=True)


async def test_the_log_says_what_came_and_went(
    people: People, sql_store: SqlTicketStore, tenant_id: TenantId
) -> None:
    ticket = await people.anna.opened()
    made = await people.anna.attached("1")
    kept = await people.alex.attached("1", PNG, "b.png")
    await people.alex.DeleteAttachment(ticket_id="1", attachment_id=made.attachment_id)
    events = (await people.anna.ListTicketEvents(ticket_id="1")).events
    added, removed = (
        ticket_pb2.TicketEventKind.Value(f"TICKET_EVENT_KIND_ATTACHMENT_{what}")
        for what in ("ADDED", "REMOVED")
    )
    assert [(event.kind, list(event.attachments)) for event in events[1:]] == [
        (added, [made]),
        (added, [kept]),
        (removed, [made]),
    ]
    assert list((await people.anna.ListAttachments(ticket_id="1")).attachments) == [kept]
    with refused(NOT_FOUND, "ATTACHMENT_NOT_FOUND"):
        await people.alex.DeleteAttachment(ticket_id="1", attachment_id=made.attachment_id)
    async with sql_store.reading(tenant_id) as tickets:
        query = EventQuery(limit=100, ticket_id=ticket.ticket_id, with_internal=True)
        folded = fold_attachments(await tickets.list_events(query))
        there = await tickets.list_attachments(
            ticket.ticket_id, limit=9, after=None, with_internal=True
        )
    assert [*folded.values()] == there


async def test_the_same_upload_twice_is_one_file(people: People) -> None:
    await people.anna.opened()
    made = await people.anna.attached("1")
    assert await people.anna.attached("1") == made
    others = [
        await people.anna.attached("1", file_name="other.txt"),
        await people.anna.attached("1", b"Other."),
        await people.alex.attached("1"),
        await people.alex.attached("1", internal=True),
    ]
    assert len({made.attachment_id, *(one.attachment_id for one in others)}) == 5
    page = await people.alex.ListAttachments(ticket_id="1", page_size=2)
    rest = await people.alex.ListAttachments(
        ticket_id="1", page_size=9, page_token=page.next_page_token
    )
    assert [*page.attachments, *rest.attachments] == [made, *others]
    with refused(INVALID, "PAGE_TOKEN_INVALID"):
        await people.alex.ListAttachments(ticket_id="1", page_token="x")


async def test_a_comment_names_files(people: People) -> None:
    await people.anna.opened()
    made = await people.anna.attached("1")
    comment = await people.anna.CreateComment(
        ticket_id="1",
        comment=ticket_pb2.Comment(body="See the notes."),
        attachment_ids=[made.attachment_id],
    )
    (listed,) = (await people.anna.ListAttachments(ticket_id="1")).attachments
    assert listed.comment_id == comment.comment_id
    (told,) = (await people.anna.ListTicketEvents(ticket_id="1")).events[-1].attachments
    assert told == listed


@pytest.mark.parametrize(
    ("by", "internal", "why"),
    [("alex", False, "SOMEBODY_ELSES"), ("anna", False, "NAMED_ALREADY")],
)
async def test_a_comment_names_only_files_that_are_free(
    people: People, by: str, internal: bool, why: str
) -> None:
    await people.anna.opened()
    made = await people.anna.attached("1")
    request = {
        "ticket_id": "1",
        "comment": ticket_pb2.Comment(body="x", internal=internal),
        "attachment_ids": [made.attachment_id],
    }
    if why == "NAMED_ALREADY":
        await people.anna.CreateComment(**request)
    with refused(PRECONDITION, "ATTACHMENT_NOT_USABLE") as refusals:
        await getattr(people, by).CreateComment(**request)
    assert refusals[0].metadata == {"attachment_id": made.attachment_id, "why": why}


@pytest.mark.parametrize("is_internal", [True, False])
async def test_a_comment_shows_a_file_to_nobody_who_could_not_see_it(
    people: People, is_internal: bool
) -> None:
    await people.anna.opened()
    made = await people.alex.attached("1", internal=is_internal)
    with refused(PRECONDITION, "ATTACHMENT_NOT_USABLE") as refusals:
        await people.alex.CreateComment(
            ticket_id="1",
            comment=ticket_pb2.Comment(body="x", internal=not is_internal),
            attachment_ids=[made.attachment_id],
        )
    assert refusals[0].metadata["why"] == "VISIBILITY"
    # Nothing of it was kept.
    assert not (await people.alex.ListComments(ticket_id="1")).comments


async def test_merging_and_splitting_lose_no_file(people: People) -> None:
    await people.anna.opened()
    await people.anna.opened()
    one = await people.anna.attached("1", b"one")
    two = await people.anna.attached("2", b"two")
    hidden = await people.alex.attached("1", b"hidden", internal=True)
    comment = await people.anna.CreateComment(
        ticket_id="1",
        comment=ticket_pb2.Comment(body="Something else."),
        attachment_ids=[one.attachment_id],
    )
    split = await people.alex.SplitTicket(ticket_id="1", comment_id=comment.comment_id)
    (copied,) = (await people.anna.ListAttachments(ticket_id=split.ticket_id)).attachments
    assert (copied.sha256, copied.file_name) == (one.sha256, one.file_name)
    assert await people.anna.downloaded(split.ticket_id, copied.attachment_id) == b"one"

    await people.alex.MergeTickets(ticket_id="1", target_ticket_id="2")

    def ids(page: object) -> list[str]:
        return [each.attachment_id for each in page.attachments]  # type: ignore[attr-defined]

    assert ids(await people.anna.ListAttachments(ticket_id="2")) == [
        one.attachment_id,
        two.attachment_id,
    ]
    assert ids(await people.alex.ListAttachments(ticket_id="2")) == [
        one.attachment_id,
        two.attachment_id,
        hidden.attachment_id,
    ]
    assert await people.anna.downloaded("2", one.attachment_id) == b"one"
    with refused(NOT_FOUND, "ATTACHMENT_NOT_FOUND"):
        await people.anna.downloaded("2", hidden.attachment_id)


async def test_a_closed_ticket_takes_no_file_and_may_lose_one(people: People) -> None:
    await people.anna.opened()
    made = await people.anna.attached("1")
    await people.alex.ResolveTicket(ticket_id="1")
    await people.alex.CloseTicket(ticket_id="1")
    with refused(PRECONDITION, "TRANSITION_NOT_ALLOWED") as refusals:
        await people.anna.attached("1", b"late")
    assert refusals[0].metadata == {"status": "CLOSED", "verb": "attach"}
    await people.alex.DeleteAttachment(ticket_id="1", attachment_id=made.attachment_id)
    assert not (await people.alex.ListAttachments(ticket_id="1")).attachments


@pytest.mark.parametrize(
    ("content", "reason", "metadata"),
    [
        (b"", "ATTACHMENT_EMPTY", {}),
        (b"x" * 1001, "ATTACHMENT_TOO_LARGE", {"most_bytes": "1000"}),
        (b"%PDF-1.7", "ATTACHMENT_TYPE_MISMATCH", {"media_type": "application/pdf", "said": "txt"}),
        *(
            (content, "ATTACHMENT_TYPE_NOT_ALLOWED", {"media_type": media_type})
            for content, media_type in (
                (b"MZ\x00", "application/x-msdownload"),
                (b"\x7fELF\x02", "application/x-elf"),
                (b"#!/bin/sh", "application/x-sh"),
                (b" <ScRiPt>", "text/html"),
                (b"\xef\xbb\xbf<!DOCTYPE html>", "text/html"),
                (b"<svg onload=x>", "image/svg+xml"),
                (b"\x00\x01", ""),
                (b"x" * 900 + b"\x00", ""),
            )
        ),
    ],
)
async def test_bytes_that_may_not_be_kept_are_refused_by_name(
    narrow: People, content: bytes, reason: str, metadata: object
) -> None:
    await narrow.anna.opened()
    with refused(INVALID, reason) as refusals:
        await narrow.anna.attached("1", content, "a.txt", piece=100)
    assert refusals[0].metadata == metadata
    assert refusals[0].violations
    assert not (await narrow.alex.ListAttachments(ticket_id="1")).attachments


@pytest.mark.parametrize(
    ("file_name", "media_type", "said"),
    [
        ("a.png", "image/jpeg", "image/jpeg"),
        ("a.png", "text/html; charset=utf-8", "text/html"),
        ("a.jpg", "", "jpg"),
        ("a.png.exe", "image/png", "exe"),
        ("a.html", "image/png", "html"),
    ],
)
async def test_bytes_that_belie_their_name_or_type_are_refused(
    narrow: People, file_name: str, media_type: str, said: str
) -> None:
    await narrow.anna.opened()
    with refused(INVALID, "ATTACHMENT_TYPE_MISMATCH") as refusals:
        await narrow.anna.attached("1", PNG[:99], file_name, media_type)
    assert refusals[0].metadata == {"media_type": "image/png", "said": said}
    await narrow.anna.attached("1", PNG[:99], "a.png", "IMAGE/PNG; x=1")


async def test_a_type_that_this_place_does_not_take_is_refused(narrow: People) -> None:
    await narrow.anna.opened()
    with refused(INVALID, "ATTACHMENT_TYPE_NOT_ALLOWED") as refusals:
        await narrow.anna.attached("1", b"%PDF-1.7", "a.pdf", "application/pdf")
    assert refusals[0].metadata == {"media_type": "application/pdf"}


@pytest.mark.parametrize(
    ("file_name", "why"),
    [
        ("../../etc/passwd", "FOLDER"),
        ("/etc/passwd", "FOLDER"),
        ("..\\x.txt", "FOLDER"),
        ("C:x.txt", "FOLDER"),
        ("..", "FOLDER"),
        ("a\nb.txt", "UNSEEN_CHARACTER"),
        ("txt.\u202etxt.exe", "UNSEEN_CHARACTER"),
        ("a\u200b.txt", "UNSEEN_CHARACTER"),
        ("  ", "EMPTY"),
        ("a" * 201, "TOO_LONG"),
        ("\u65e5" * 90, "TOO_LONG"),
        ("a.txt ", "SPACE_OR_DOT_AT_THE_END"),
    ],
)
async def test_a_name_that_is_no_file_name_is_refused(
    narrow: People, file_name: str, why: str
) -> None:
    await narrow.anna.opened()
    with refused(INVALID, "ATTACHMENT_NAME_INVALID") as refusals:
        await narrow.anna.attached("1", b"Text.", file_name)
    assert refusals[0].metadata == {"why": why}
    assert not (await narrow.alex.ListAttachments(ticket_id="1")).attachments


async def test_a_tenant_and_a_ticket_have_room_for_so_much(narrow: People) -> None:
    await narrow.anna.opened()
    await narrow.anna.opened()
    for name in ("a.txt", "b.txt"):
        await narrow.anna.attached("1", b"x" * 1000, name)
    with refused(PRECONDITION, "ATTACHMENT_QUOTA_EXCEEDED") as refusals:
        await narrow.anna.attached("2", b"x" * 501, "c.txt")
    assert refusals[0].metadata == {"most_bytes": "2500"}
    await narrow.anna.attached("1", b"x" * 500, "c.txt")
    with refused(PRECONDITION, "TOO_MANY_ATTACHMENTS") as refusals:
        await narrow.anna.attached("1", b"y", "d.txt")
    assert refusals[0].metadata == {"most": "3"}
    # What one tenant has is not counted to another.
    await narrow.gerd.opened()
    (first, *_) = (await narrow.alex.ListAttachments(ticket_id="1")).attachments
    await narrow.gerd.attached("1", b"x" * 1000, "a.txt")
    await narrow.alex.DeleteAttachment(ticket_id="1", attachment_id=first.attachment_id)
    await narrow.anna.attached("2", b"x" * 999, "c.txt")


async def test_the_first_message_says_what_the_file_is(people: People) -> None:
    await people.anna.opened()
    with refused(INVALID, "INVALID_REQUEST") as refusals:
        await people.anna.attached("", file_name="")
    assert {*refusals[0].violations} == {"ticket_id", "file_name"}
