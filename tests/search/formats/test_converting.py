"""What a file can do to its converter, and what that can do to the service: nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import uvloop

from services.mesh.errors import MeshError
from services.search.errors import (
    ConversionFailed,
    DocumentTooCostly,
    DocumentTooLarge,
)
from services.search.formats.converting import Converter
from services.search.formats.kinds import PDF
from services.search.formats.limits import MEBIBYTE, Limits

HOSTILE = "tests.search.formats.hostile_worker"
UNCONFINED = "tests.search.formats.unconfined_worker"
PATIENT = Limits(seconds=120)


def hostile(limits: Limits = PATIENT) -> Converter:
    return Converter(limits, HOSTILE)


def unconfined(limits: Limits = PATIENT) -> Converter:
    return Converter(limits, UNCONFINED)


async def refusal(converter: Converter, what: str) -> MeshError:
    with pytest.raises(MeshError) as caught:
        await converter.convert(what.encode(), PDF, "guide.pdf")
    return caught.value


async def done(converter: Converter, what: str) -> str:
    return (await converter.convert(what.encode(), PDF, "guide.pdf")).markdown


async def test_one_that_hangs_is_killed_and_the_next_file_is_converted() -> None:
    converter = hostile(replace(PATIENT, seconds=3))
    error = await refusal(converter, "hang")
    assert isinstance(error, DocumentTooCostly)
    assert error.message == "guide.pdf: its conversion takes longer than 3 s."
    assert children() == []
    assert await done(hostile(), "nothing") == "done"


async def test_one_that_dies_is_named() -> None:
    error = await refusal(hostile(), "die")
    assert isinstance(error, ConversionFailed)
    assert error.message == "guide.pdf: the converter of PDF was ended by SIGSEGV."
    assert error.metadata["source_uri"] == "guide.pdf"


async def test_one_that_is_killed_from_outside_is_named_and_the_next_file_is_converted() -> None:
    converter = hostile()
    converting = asyncio.create_task(refusal(converter, "hang"))
    while not (running := children()):  # noqa: ASYNC110 - another process, which tells nobody
        await asyncio.sleep(0.01)
    os.kill(running[0], signal.SIGKILL)
    assert "SIGKILL" in (await converting).message
    assert await done(converter, "nothing") == "done"


async def test_one_whose_caller_has_gone_does_not_live_on() -> None:
    converting = asyncio.create_task(refusal(hostile(), "hang"))
    while not children():  # noqa: ASYNC110 - another process, which tells nobody
        await asyncio.sleep(0.01)
    converting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await converting
    assert children() == []


async def test_one_that_exits_or_babbles_is_named() -> None:
    assert "ended with 3 and no answer" in (await refusal(hostile(), "exit")).message
    assert "answered nonsense" in (await refusal(hostile(), "babble")).message


async def test_computing_ends_at_its_limit() -> None:
    error = await refusal(hostile(replace(PATIENT, processor_seconds=1)), "spend")
    assert isinstance(error, DocumentTooCostly)
    assert "more than 1 s of computing" in error.message


async def test_without_confinement_computing_goes_on_until_the_clock_ends_it() -> None:
    error = await refusal(unconfined(replace(PATIENT, seconds=6, processor_seconds=1)), "spend")
    assert "longer than 6 s" in error.message


async def test_memory_ends_at_its_limit() -> None:
    error = await refusal(hostile(replace(PATIENT, memory_bytes=256 * MEBIBYTE)), "hoard 300")
    assert isinstance(error, DocumentTooCostly)
    assert "more than 256 MiB of memory" in error.message


async def test_without_confinement_memory_does_not_end() -> None:
    limits = replace(PATIENT, memory_bytes=256 * MEBIBYTE)
    assert await done(unconfined(limits), "hoard 300") == "holds 300 MiB"


async def test_output_ends_at_its_limit() -> None:
    error = await refusal(hostile(replace(PATIENT, markdown_bytes=MEBIBYTE)), "flood 300000")
    assert isinstance(error, DocumentTooLarge)
    assert "more than 1 MiB of Markdown" in error.message
    assert len(await done(hostile(), "flood 300000")) == 1_500_000


async def test_what_nests_without_end_is_refused() -> None:
    assert isinstance(await refusal(hostile(), "nest"), DocumentTooLarge)


async def test_a_converter_cannot_call_anybody() -> None:
    async with listening() as (port, heard):
        error = await refusal(hostile(), f"call {port}")
        assert "damaged (PermissionError)" in error.message
        assert not heard.done()


async def test_without_confinement_it_could_call() -> None:
    async with listening() as (port, heard):
        assert await done(unconfined(), f"call {port}") == "done"
        assert await heard == b"secret"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's part is Linux's")
@pytest.mark.parametrize("what", ["socket", "kill", "fork"])
async def test_not_even_code_that_is_not_pythons_reaches_out(what: str) -> None:
    assert await done(hostile(), f"reach {what}") == "EPERM"
    assert await done(unconfined(), f"reach {what}") == "reached"


async def test_a_converter_cannot_write(tmp_path: Path) -> None:
    file = tmp_path / "loot"
    await refusal(hostile(), f"write {file}")
    assert not file.exists()
    assert await done(unconfined(), f"write {file}") == "done"
    assert file.exists()


async def test_a_converter_does_not_inherit_the_services_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HELPDESK_SEARCH_DATABASE_URL", "postgresql://ann:secret@host/search")
    assert "HELPDESK" not in await done(hostile(), "settings")


async def test_a_converter_finds_the_compiled_libraries_where_the_service_keeps_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    assert "PYTHONPYCACHEPREFIX" in await done(hostile(), "settings")
    assert is_compiled_in(tmp_path)


async def test_a_conversion_never_forks_the_service() -> None:
    """gRPC does not survive it. The services' own event loop is asked, which differs here."""
    forks: list[str] = []
    os.register_at_fork(before=lambda: forks.append("forked"))
    assert await asyncio.to_thread(uvloop.run, done(hostile(), "nothing")) == "done"
    assert forks == []


async def test_no_more_than_two_run_at_once() -> None:
    converter = hostile(replace(PATIENT, seconds=4))
    converting = [asyncio.create_task(refusal(converter, "hang")) for _ in range(4)]
    most = 0
    while not all(task.done() for task in converting):
        most = max(most, len(children()))
        await asyncio.sleep(0.01)
    assert most == 2


def is_compiled_in(folder: Path) -> bool:
    return any(folder.rglob("worker.*.pyc"))


def children() -> list[int]:
    return [
        child.pid
        for child in psutil.Process().children()
        if any(name in child.cmdline() for name in (HOSTILE, UNCONFINED))
    ]


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, "asyncio.Future[bytes]"]]:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], heard
