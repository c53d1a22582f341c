"""`serve` as a process of its own: starts on an empty folder, stops on SIGTERM."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helpdesk.auth.v1 import token_service_pb2, token_service_pb2_grpc
from services.mesh.channel import connect
from services.mesh.settings import REPOSITORY, MeshSettings

PROGRAM = """
import asyncio
from services.mesh.server import serve
from services.mesh.settings import MeshSettings, read_settings
from tests.mesh.scripted import SERVICES, Scripted
from tests.support.mesh_server import FakeAuthority

asyncio.run(
    serve(
        name="auth",
        settings=read_settings(MeshSettings),
        register=Scripted().register,
        services=SERVICES,
        authority=FakeAuthority(),
    )
)
"""


@asynccontextmanager
async def started(data: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stderr=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen' / 'python'}",
            "HELPDESK_DATA": str(data),
            "HELPDESK_AUTH_PORT": "0",
            **settings,
        },
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def port_of(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async for line in process.stderr:
        if b'"listening"' in line:
            return int(line.partition(b'"port": ')[2].partition(b",")[0])
    raise AssertionError("it never listened")


async def test_it_serves_and_ends_well_on_sigterm(tmp_path: Path) -> None:
    async with started(tmp_path) as process:
        port = await port_of(process)
        settings = MeshSettings(data=tmp_path, auth_address=f"ipv4:127.0.0.1:{port}")
        async with connect(settings, caller_service="gateway", peer="auth") as channel:
            stub: Any = token_service_pb2_grpc.TokenServiceStub(channel)
            await stub.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            assert await process.wait() == 0
        assert process.stderr is not None
        assert b"Traceback" not in await process.stderr.read()


@pytest.mark.parametrize("port", ["many", "-1", "70000"])
async def test_bad_settings_are_one_line_and_exit_code_1(tmp_path: Path, port: str) -> None:
    async with started(tmp_path, HELPDESK_AUTH_PORT=port) as process:
        _, errors = await process.communicate()
        assert process.returncode == 1
        assert errors.count(b"\n") == 1
        assert b"HELPDESK_AUTH_PORT" in errors
