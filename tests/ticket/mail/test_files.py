"""Files come with mails and go with answers, and internal ones stay."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.mesh.caller import TenantId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.ticket.attachments import keeping
from services.ticket.attachments.folder import AttachmentFolder
from services.ticket.attachments.keeping import Upload
from services.ticket.attachments.ports import Cabinet
from services.ticket.domain import Attachment, AttachmentLimits, Ticket
from services.ticket.mail import courier
from services.ticket.mail.courier import GIVE_UP_AFTER, Courier
from services.ticket.mail.intake import Intake, Outcome
from services.ticket.store import SqlMailAddresses, SqlMailOutbox, SqlMailStore, SqlTicketStore
from services.ticket.use_cases import ticketing
from tests.ticket.builders import an_agent
from tests.ticket.mail.conftest import give_address
from tests.ticket.mail.mails import ANNA, a_mail
from tests.ticket.mail.peer import Peer, running_peer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
LIMITS = AttachmentLimits(most_bytes=5000, most_of_ticket=3)


@dataclass
class Desk:
    store: SqlTicketStore
    files: AttachmentFolder
    intake: Intake
    courier: Courier
    peer: Peer
    tenant_id: TenantId
    address: str

    async def take(self, mail: EmailMessage) -> Outcome:
        [outcome] = await self.intake.take(await self.intake.read(mail.as_bytes()), [self.address])
        return outcome

    async def files_of(self, ticket: Ticket) -> list[Attachment]:
        async with self.store.reading(self.tenant_id) as tickets:
            return await tickets.list_attachments(
                ticket.ticket_id, limit=100, after=None, with_internal=True
            )

    async def ticket(self) -> Ticket:
        async with self.store.reading(self.tenant_id) as tickets:
            found = await tickets.find_by_number(1)
        assert found is not None
        return found

    async def attach(self, ticket: Ticket, content: bytes, *, is_internal: bool = False) -> str:
        async def pieces() -> AsyncIterator[bytes]:
            yield content

        async def accept() -> None:
            return None

        made = await keeping.upload(
            self.store,
            Cabinet(self.files, AttachmentLimits()),
            utc_now,
            Upload(ticket.ticket_id, "answer.png", "", is_internal=is_internal),
            pieces(),
            on_accepted=accept,
        )
        return made.attachment_id

    async def answer(self, content: bytes, *, is_internal: bool = False) -> list[EmailMessage]:
        """An answer that names the file; returns the mails that went out."""
        ticket = await self.ticket()
        with acting_as(an_agent(tenant_id=self.tenant_id)):
            await ticketing.add_comment(
                self.store,
                utc_now,
                ticket.ticket_id,
                "See the picture.",
                is_internal=is_internal,
                attachment_ids=[await self.attach(ticket, content, is_internal=is_internal)],
            )
        await self.courier.send_due()
        return self.peer.mails()


@pytest.fixture
async def desk(database: Database, tenant_id: TenantId, tmp_path: Path) -> AsyncIterator[Desk]:
    store, files = SqlTicketStore(database), AttachmentFolder(tmp_path / "files")
    intake = Intake(
        SqlMailAddresses(database), store, SqlMailStore(database), utc_now, Cabinet(files, LIMITS)
    )
    address = await give_address(database, tenant_id)
    async with running_peer(tmp_path) as peer:
        outgoing = Courier(SqlMailOutbox(database), store, peer.relay, utc_now, files=files)
        yield Desk(store, files, intake, outgoing, peer, tenant_id, address)
        # Others share the database, and their couriers would find what is left.
        later = Courier(
            SqlMailOutbox(database), store, peer.relay, lambda: utc_now() + 2 * GIVE_UP_AFTER
        )
        await later.send_due()


def with_files(mail: EmailMessage, *files: tuple[str, str, bytes]) -> EmailMessage:
    for name, media_type, content in files:
        kind, _, subtype = media_type.partition("/")
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return mail


async def test_files_of_a_mail_are_on_its_ticket(desk: Desk) -> None:
    mail = with_files(a_mail("Look."), ("screen.png", "image/png", PNG))
    assert await desk.take(mail) is Outcome.KEPT
    ticket = await desk.ticket()
    assert ticket.body == "Look."
    [file] = await desk.files_of(ticket)
    assert (file.file_name, file.media_type, file.author_id) == (
        "screen.png",
        "image/png",
        f"mail:{ANNA}",
    )
    assert not file.is_internal
    assert b"".join([p async for p in desk.files.read(desk.tenant_id, file.sha256)]) == PNG
    # The same mail again is the same ticket, with the same file.
    assert await desk.take(mail) is Outcome.KEPT
    assert await desk.files_of(ticket) == [file]


async def test_files_of_an_answer_belong_to_its_comment(desk: Desk) -> None:
    await desk.take(a_mail())
    answer = a_mail("Here.", subject="Re: Printer [#1]")
    await desk.take(with_files(answer, ("b.txt", "text/plain", b"Text.\n")))
    ticket = await desk.ticket()
    async with desk.store.reading(desk.tenant_id) as tickets:
        [comment] = await tickets.list_comments(
            ticket.ticket_id, limit=9, after=None, with_internal=True
        )
    assert [file.comment_id for file in await desk.files_of(ticket)] == [comment.comment_id]


async def test_what_is_refused_is_named_and_the_mail_is_taken(desk: Desk) -> None:
    mail = with_files(
        a_mail("Look."),
        ("page.html", "text/html", b"<html><script>x</script>"),
        ("../../etc/passwd", "text/plain", b"root\n"),
        ("large.txt", "text/plain", b"x" * 5001),
        ("empty.txt", "text/plain", b""),
        ("a.png", "image/png", PNG),
        ("b.txt", "image/png", PNG),
        ("c.txt", "text/plain", b"c\n"),
        ("d.txt", "text/plain", b"d\n"),
        ("e.txt", "text/plain", b"e\n"),
    )
    assert await desk.take(mail) is Outcome.KEPT
    ticket = await desk.ticket()
    assert [file.file_name for file in await desk.files_of(ticket)] == ["a.png", "c.txt", "d.txt"]
    first, note = ticket.body.split("\n\n")
    assert first == "Look."
    for words in (
        "page.html (files of this kind cannot be put on tickets)",
        "passwd (the file cannot be called so)",
        "large.txt (a file has at most 5000 bytes)",
        "empty.txt (the file has no bytes)",
        "b.txt (the file is image/png and was said to be txt)",
        "e.txt (a ticket has at most 3 files)",
    ):
        assert words in note


async def test_a_file_without_a_name_gets_one(desk: Desk) -> None:
    mail = a_mail("Look.")
    mail.add_attachment(PNG, maintype="image", subtype="png")
    await desk.take(mail)
    assert [file.file_name for file in await desk.files_of(await desk.ticket())] == ["file.png"]


async def test_files_of_an_answer_go_out_with_it(desk: Desk) -> None:
    await desk.take(a_mail())
    [mail] = await desk.answer(PNG)
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "See the picture."
    [file] = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("answer.png", "image/png")
    assert file.get_payload(decode=True) == PNG


async def test_internal_files_stay(desk: Desk) -> None:
    await desk.take(a_mail())
    assert await desk.answer(PNG, is_internal=True) == []


async def test_a_file_too_large_for_a_mail_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "MOST_MAILED_BYTES", 100)
    await desk.take(a_mail())
    [mail] = await desk.answer(PNG)
    assert "[too large for a mail: answer.png]" in mail.get_content()


async def test_a_file_that_cannot_be_read_puts_the_answer_off(desk: Desk) -> None:
    await desk.take(a_mail())
    elsewhere = AttachmentFolder(Path("/nowhere"))
    desk.courier._files = elsewhere
    assert await desk.answer(PNG) == []
    desk.courier._files = desk.files
    assert await desk.courier.send_due() == 0  # later
