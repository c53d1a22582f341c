"""New leaves and a new authority while calls go on: not one may fail."""

import asyncio
from pathlib import Path
from typing import Any

from helpdesk.auth.v1 import token_service_pb2, token_service_pb2_grpc
from services.mesh.certificates import SERVICES, ensure_certificates
from services.mesh.channel import connect
from services.mesh.clock import utc_now
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES as SERVED
from tests.mesh.scripted import Scripted
from tests.support.mesh_server import running_server

ROTATIONS = 20
CALLERS = 20


def new_leaves(folder: Path) -> None:
    for name in SERVICES:
        (folder / name).unlink()
    ensure_certificates(folder)


def trust_a_new_authority_too(folder: Path) -> None:
    """Both are trusted before the first leaf of the new one is shown to anybody."""
    old, key = (folder / "ca.pem").read_bytes(), folder / "ca.key"
    elsewhere = folder.with_name(f"next-{utc_now().timestamp()}")
    ensure_certificates(elsewhere, [])
    new = (elsewhere / "ca.pem").read_bytes()
    newest_of_old = old.split(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"
    (folder / "ca.pem").write_bytes(new + newest_of_old)
    key.write_bytes((elsewhere / "ca.key").read_bytes())


async def test_no_call_fails_while_certificates_change(scripted: Scripted, tmp_path: Path) -> None:
    settings = MeshSettings(data=tmp_path, max_connection_age_seconds=1)
    folder = settings.certificates_folder
    async with (
        running_server("auth", scripted.register, SERVED, settings) as server,
        connect(server.settings_with_peer(), caller_service="gateway", peer="auth") as channel,
    ):
        stub: Any = token_service_pb2_grpc.TokenServiceStub(channel)
        done = asyncio.Event()

        async def keep_calling() -> None:
            while not done.is_set():
                await stub.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())

        identity = server.mesh_server.identity
        assert identity is not None
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(keep_calling())
            for rotation in range(ROTATIONS):
                if rotation % 5 == 4:
                    trust_a_new_authority_too(folder)
                    assert identity.refresh()
                    assert channel.refresh()
                new_leaves(folder)
                assert identity.refresh()
                assert channel.refresh()
                before = scripted.calls.total()
                while scripted.calls.total() < before + 5 * CALLERS:
                    await stub.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
            done.set()
    assert scripted.calls.total() > ROTATIONS * CALLERS
