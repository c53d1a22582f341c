"""The service as a process: it starts, says where it listens, and stops when asked."""

import asyncio
import json
import os
import sys
from pathlib import Path

from services.mesh.settings import REPOSITORY
from tests.support.scraping import scraped


async def start(**settings: str) -> asyncio.subprocess.Process:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.ticket",
        cwd=REPOSITORY,
        env={**kept, "PYTHONPATH": "gen/python", **settings},
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_starts_and_stops_when_asked(tmp_path: Path) -> None:
    process = await start(
        HELPDESK_DATA=str(tmp_path), HELPDESK_TICKET_PORT="0", HELPDESK_TICKET_METRICS_PORT="0"
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            async for line in process.stderr:
                said = json.loads(line)
                if said["event"] == "listening":
                    assert said["port"] > 0
                    break
            told = await scraped(said["metrics_port"])
            assert told["helpdesk_ticket_outbox_waiting_events"] == 0
            process.terminate()
            await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    assert (tmp_path / "ticket" / "ticket.db").exists()


async def test_all_ways_in_for_mail_are_open(tmp_path: Path) -> None:
    mailboxes = tmp_path / "mailboxes.yaml"
    mailboxes.write_text(
        "- {address: help@acme.example, host: 127.0.0.1, port: 1, security: none, user: help,"
        " password_variable: SECRET}"
    )
    process = await start(
        HELPDESK_DATA=str(tmp_path),
        HELPDESK_TICKET_PORT="0",
        HELPDESK_TICKET_SMTP_PORT="0",
        HELPDESK_TICKET_LMTP_PORT="0",
        HELPDESK_TICKET_MAILBOXES=str(mailboxes),
    )
    assert process.stderr is not None
    expected = {"smtp", "lmtp", "its address is no tenant's"}
    try:
        async with asyncio.timeout(60):
            async for line in process.stderr:
                said = json.loads(line)
                expected -= {said.get("protocol"), said.get("problem")}
                if not expected:
                    break
            process.terminate()
            await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert expected == set()
    assert process.returncode == 0


async def test_a_file_of_mailboxes_that_cannot_be_read_ends_it_with_one_line(
    tmp_path: Path,
) -> None:
    (tmp_path / "mailboxes.yaml").write_text("- {address: help@acme.example}")
    process = await start(
        HELPDESK_DATA=str(tmp_path), HELPDESK_TICKET_MAILBOXES=str(tmp_path / "mailboxes.yaml")
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert said.decode().count("\n") == 1
    assert "mailboxes.yaml: mailbox 1: host" in said.decode()


async def test_bad_settings_end_it_with_one_line(tmp_path: Path) -> None:
    process = await start(HELPDESK_DATA=str(tmp_path), HELPDESK_TICKET_POLL_SECONDS="soon")
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert said.decode().count("\n") == 1
    assert "HELPDESK_TICKET_POLL_SECONDS" in said.decode()


async def test_a_data_folder_that_cannot_be_made_ends_it_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    process = await start(HELPDESK_DATA=str(tmp_path / "file"), HELPDESK_TICKET_PORT="0")
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert said.decode().count("\n") == 1
    assert said.decode().startswith("ticket cannot start: ")
