"""Bytes go when nothing names them any more, and never before."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.mesh.caller import TenantId, acting_as
from services.mesh.errors import StorageUnavailable
from services.ticket.attachments import keeping
from services.ticket.attachments.folder import AttachmentFolder
from services.ticket.attachments.keeping import Upload
from services.ticket.attachments.ports import Cabinet
from services.ticket.attachments.sweeper import AttachmentSweeper
from services.ticket.domain import Attachment, AttachmentLimits, TicketContent
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import ticketing
from tests.ticket.builders import TickingClock, an_agent


class Desk:
    """One agent of one tenant, who puts files on one ticket."""

    def __init__(self, store: TicketStore, root: Path, tenant_id: TenantId) -> None:
        self.store = store
        self.files = AttachmentFolder(root)
        self.root = root
        self.clock = TickingClock()
        self.agent = an_agent(tenant_id=tenant_id)
        self.sweeper = AttachmentSweeper(self.files, store, grace_seconds=0)

    async def open(self) -> str:
        with acting_as(self.agent):
            content = TicketContent("Printer")
            return (await ticketing.open_ticket(self.store, self.clock, content)).ticket_id

    async def attach(
        self, ticket_id: str, *pieces: bytes, name: str = "a.txt", sweeping: bool = False
    ) -> Attachment:
        async def come() -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece
            if sweeping:
                await self.sweeper.sweep()

        with acting_as(self.agent):
            return await keeping.upload(
                self.store,
                Cabinet(self.files, AttachmentLimits()),
                self.clock,
                Upload(ticket_id, name, "", is_internal=False),
                come(),
                on_accepted=_accept,
            )

    async def delete(self, attachment: Attachment) -> None:
        with acting_as(self.agent):
            await keeping.delete_attachment(
                self.store, self.clock, attachment.ticket_id, attachment.attachment_id
            )

    def on_disk(self) -> list[Path]:
        return [path for path in self.root.rglob("*") if path.is_file()]


async def _accept() -> None:
    return None


@pytest.fixture
def desk(store: TicketStore, tmp_path: Path, tenant_id: TenantId) -> Desk:
    return Desk(store, tmp_path, tenant_id)


async def test_bytes_go_with_the_last_file_that_has_them(desk: Desk) -> None:
    ticket_id = await desk.open()
    one = await desk.attach(ticket_id, b"same", name="a.txt")
    two = await desk.attach(ticket_id, b"same", name="b.txt")
    assert len(desk.on_disk()) == 1
    await desk.delete(one)
    assert await desk.sweeper.sweep() == 0
    assert len(desk.on_disk()) == 1
    await desk.delete(two)
    assert await desk.sweeper.sweep() == 1
    assert desk.on_disk() == []


async def test_tenants_share_no_bytes(store: TicketStore, tmp_path: Path) -> None:
    for tenant in ("acme", "globex"):
        desk = Desk(store, tmp_path, TenantId(tenant))
        made = await desk.attach(await desk.open(), b"same")
    assert len(desk.on_disk()) == 2
    await desk.delete(made)
    await desk.sweeper.sweep()
    assert [path.parts[-3] for path in desk.on_disk()] == ["acme"]
    await desk.files.forget(TenantId("acme"))
    assert desk.on_disk() == []


async def test_what_is_young_is_let_alone(desk: Desk) -> None:
    ticket_id = await desk.open()
    await desk.delete(await desk.attach(ticket_id, b"gone"))
    async with desk.files.incoming(desk.agent.tenant_id) as incoming:  # type: ignore[arg-type]
        await incoming.add(b"on its way")
        patient = AttachmentSweeper(desk.files, desk.store, grace_seconds=3600)
        assert await patient.sweep() == 0
        assert len(desk.on_disk()) == 2
        for path in desk.on_disk():
            os.utime(path, (0, time.time() - 3601))
        assert await patient.sweep() == 2


async def test_an_upload_whose_bytes_were_swept_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it was held up between the two: no row is kept without its bytes."""
    ticket_id = await desk.open()
    take_in = keeping.take_in

    async def take_in_and_sleep(*arguments: object) -> object:
        kept = await take_in(*arguments)  # type: ignore[arg-type]
        await desk.sweeper.sweep()
        return kept

    monkeypatch.setattr(keeping, "take_in", take_in_and_sleep)
    with pytest.raises(StorageUnavailable):
        await desk.attach(ticket_id, b"swept")
    async with desk.store.reading(desk.agent.tenant_id) as tickets:  # type: ignore[arg-type]
        assert not await tickets.list_attachments(
            ticket_id, limit=9, after=None, with_internal=True
        )


async def test_a_refused_upload_leaves_nothing(desk: Desk) -> None:
    ticket_id = await desk.open()
    with pytest.raises(StorageUnavailable):
        await desk.attach(ticket_id, b"x", sweeping=True)
    assert desk.on_disk() == []


async def test_a_full_disk_is_said_and_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = await desk.open()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.ticket.attachments.folder.os.fsync", full)
    with pytest.raises(StorageUnavailable):
        await desk.attach(ticket_id, b"too much")
    assert desk.on_disk() == []
