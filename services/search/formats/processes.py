"""Runs a program on one file in memory, writing to another, and is told when it has ended.

Neither asyncio's nor uvloop's processes: those fork, which runs gRPC's fork handlers and breaks the
calls that are under way. `subprocess` makes a child without them.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, cast

_TREE = Path(__file__).resolve().parents[3]


def memory_file(content: bytes = b"") -> BinaryIO:
    """Nothing of a tenant's touches the disk, where the system knows how."""
    if sys.platform.startswith("linux"):
        file: BinaryIO = os.fdopen(os.memfd_create("helpdesk-file"), "w+b")
    else:
        file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - its caller closes it
    file.write(content)
    file.seek(0)
    return file


async def run_to_end(command: Sequence[str], source: BinaryIO, target: BinaryIO) -> int:
    """The exit code, negative for a signal. One whose caller stops waiting is killed."""
    process = _started(command, source, target)
    try:
        async with _end_of(process) as ended:
            await ended
    finally:
        process.kill()
        code = process.wait()
    return code


def _started(
    command: Sequence[str], source: BinaryIO, target: BinaryIO
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
        command,
        stdin=source,
        stdout=target,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # Nothing of the service's own settings: they name databases and their passwords.
        env={"PYTHONPATH": str(_TREE), **_bytecode_folder()},
    )


def _bytecode_folder() -> dict[str, str]:
    """Where the tree cannot be written to, each file would have the libraries compiled anew."""
    prefix = sys.pycache_prefix
    return {"PYTHONPYCACHEPREFIX": prefix} if prefix else {}


@asynccontextmanager
async def _end_of(process: "subprocess.Popen[bytes]") -> AsyncIterator["asyncio.Future[None]"]:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def tell(_: object = None) -> None:
        if not ended.done():
            ended.set_result(None)

    if not sys.platform.startswith("linux"):
        waiting = asyncio.create_task(asyncio.to_thread(process.wait))
        waiting.add_done_callback(tell)
        yield ended
        return
    handle = os.pidfd_open(process.pid)
    loop.add_reader(handle, tell)
    try:
        yield ended
    finally:
        loop.remove_reader(handle)
        os.close(handle)
