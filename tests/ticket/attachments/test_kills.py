"""Whenever the service is killed, no file that it has named is without its bytes."""

import asyncio
import hashlib
import sys
from pathlib import Path

from sqlalchemy import select

from services.mesh.database import Database
from services.mesh.settings import REPOSITORY
from services.ticket.attachments.folder import AttachmentFolder
from services.ticket.attachments.sweeper import AttachmentSweeper
from services.ticket.store import SqlTicketStore
from services.ticket.store.rows import attachment_from
from services.ticket.tables.tickets import AttachmentRow
from tests.ticket.attachments.dying_upload import CONTENT, TENANT


async def killed_uploads(folder: Path, *words: str) -> list[Path]:
    """The folders of the uploads, each killed one step later than the last."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.ticket.attachments.dying_upload", str(folder), *words),
        cwd=REPOSITORY,
        env={"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen/python'}"},
    )
    assert await process.wait() == 0
    return await asyncio.to_thread(lambda: [each for each in folder.iterdir() if each.is_dir()])


async def named_without_bytes(folder: Path) -> tuple[list[str], list[str]]:
    """The files that the database names, and those of them that are not there as they were."""
    database = Database(f"sqlite:///{folder / 'ticket.db'}")
    store, files = SqlTicketStore(database), AttachmentFolder(folder / "attachments")
    async with database.tenant_reading(TENANT) as session:
        rows = await session.scalars(select(AttachmentRow).where(AttachmentRow.tenant_id == TENANT))
        named = [attachment_from(row) for row in rows]
    lost = []
    for one in named:
        there = await files.has(TENANT, one.sha256)
        content = b"".join([p async for p in files.read(TENANT, one.sha256)]) if there else b""
        if content != CONTENT or hashlib.sha256(content).hexdigest() != one.sha256:
            lost.append(one.attachment_id)
    # What a cut off upload has left goes, and nothing else.
    await AttachmentSweeper(files, store, grace_seconds=0).sweep()
    left = [path for path in (folder / "attachments").rglob("*") if path.is_file()]
    assert len(left) == len(named) - len(lost)
    await database.close()
    return [one.attachment_id for one in named], lost


async def test_a_kill_at_any_step_loses_no_file_that_was_named(tmp_path: Path) -> None:
    outcomes = set()
    for folder in await killed_uploads(tmp_path):
        said = [*folder.glob("said")]
        named, lost = await named_without_bytes(folder)
        assert lost == [], f"killed at step {folder.name}"
        assert not said or [said[0].read_text()] == named
        outcomes.add((bool(named), bool(said)))
    # It was killed before the row, behind it, and behind the answer.
    assert outcomes == {(False, False), (True, False), (True, True)}


async def test_a_row_that_commits_before_its_bytes_would_be_noticed(tmp_path: Path) -> None:
    """The control."""
    folders = await killed_uploads(tmp_path, "careless")
    assert any([(await named_without_bytes(folder))[1] for folder in folders])
