"""Auth as a process of its own: how it starts, stops, and what it never writes down."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import (
    tenant_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2_grpc,
)
from services.mesh.settings import REPOSITORY
from tests.auth.running_auth import bearer, new_tenant, new_user, password_grant
from tests.support.mesh_server import plain_channel, refused

SECONDS = 30.0


@dataclass
class Process:
    running: asyncio.subprocess.Process
    port: int
    folder: Path
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    async def read_until(self, word: str) -> None:
        assert self.running.stderr is not None
        while word not in self.log:
            line = await self.running.stderr.readline()
            assert line, self.log
            self.lines.append(line.decode())

    async def stop(self) -> int:
        self.running.terminate()
        _, rest = await self.running.communicate()
        self.lines.append(rest.decode())
        return await self.running.wait()


@asynccontextmanager
async def process(folder: Path, **settings: str) -> AsyncIterator[Process]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    paths = f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'gen' / 'python'}"
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.auth",
        cwd=REPOSITORY,
        env={
            **kept,
            "PYTHONPATH": paths,
            "HELPDESK_DATA": str(folder),
            "HELPDESK_AUTH_PORT": str(port),
            **settings,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield Process(running, port, folder)
    finally:
        if running.returncode is None:
            running.kill()
            await running.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def test_a_first_start_leaves_a_password_with_which_the_operator_logs_in(
    tmp_path: Path,
) -> None:
    async with process(tmp_path) as auth:
        await auth.read_until("listening")
        password = (tmp_path / "auth" / "operator-password").read_text(encoding="utf-8").strip()
        certificates = tmp_path / "certificates" / "gateway"
        async with plain_channel(certificates, "auth", auth.port) as channel:
            token = await token_service_pb2_grpc.TokenServiceStub(channel).IssueToken(
                password_grant("platform", "operator@platform.internal", password),
                wait_for_ready=True,
            )
        assert token.access_token
        assert await auth.stop() == 0
    assert password not in auth.log
    assert (tmp_path / "auth").stat().st_mode & 0o077 == 0


async def test_no_secret_is_written_to_the_log(tmp_path: Path) -> None:
    secrets = {"HELPDESK_OPERATOR_PASSWORD": "operators-first-password"}
    async with process(tmp_path, HELPDESK_LOG_LEVEL="debug", **secrets) as auth:
        await auth.read_until("listening")
        certificates = tmp_path / "certificates" / "gateway"
        async with plain_channel(certificates, "auth", auth.port) as channel:
            tokens = token_service_pb2_grpc.TokenServiceStub(channel)
            users = user_service_pb2_grpc.UserServiceStub(channel)
            tenants = tenant_service_pb2_grpc.TenantServiceStub(channel)
            operator = await tokens.IssueToken(
                password_grant("platform", "operator@platform.internal", *secrets.values()),
                wait_for_ready=True,
            )
            await tenants.CreateTenant(
                new_tenant("acme", "the-admins-password"), metadata=bearer(operator.access_token)
            )
            with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
                await tokens.IssueToken(
                    password_grant("acme", "ada@example.com", "a-mistyped-password")
                )
            admin = await tokens.IssueToken(
                password_grant("acme", "ada@example.com", "the-admins-password")
            )
            metadata = bearer(admin.access_token)
            with refused(StatusCode.INVALID_ARGUMENT, "PASSWORD_REFUSED") as refusals:
                await users.CreateUser(
                    new_user("grace@example.com", password="grace@example.com"),
                    metadata=metadata,
                )
            await users.CreateUser(
                new_user("heidi@example.com", password="heidis-password"), metadata=metadata
            )
            renewed = await tokens.RefreshToken(
                token_service_pb2.RefreshTokenRequest(refresh_token=admin.refresh_token)
            )
        assert await auth.stop() == 0
    # The log was on and full; otherwise the absence of the rest would mean nothing.
    assert "/helpdesk.auth.v1.TokenService/IssueToken" in auth.log
    assert "CREDENTIALS_WRONG" in auth.log
    for secret in (
        *secrets.values(),
        "the-admins-password",
        "a-mistyped-password",
        "heidis-password",
        "grace@example.com",
        "ada@example.com",
        admin.access_token,
        admin.refresh_token,
        renewed.refresh_token,
    ):
        assert secret not in auth.log
        assert secret not in repr(refusals)
    stored = b"".join(file.read_bytes() for file in (tmp_path / "auth").glob("auth.db*"))
    for secret in ("the-admins-password", "heidis-password", renewed.refresh_token):
        assert secret.encode() not in stored


async def test_a_second_start_keeps_everything(tmp_path: Path) -> None:
    answers = []
    for _ in range(2):
        async with process(tmp_path, HELPDESK_OPERATOR_PASSWORD="operators-password") as auth:
            await auth.read_until("listening")
            certificates = tmp_path / "certificates" / "gateway"
            async with plain_channel(certificates, "auth", auth.port) as channel:
                tokens = token_service_pb2_grpc.TokenServiceStub(channel)
                answers.append(
                    await tokens.GetSigningKeys(
                        token_service_pb2.GetSigningKeysRequest(), wait_for_ready=True
                    )
                )
            assert await auth.stop() == 0
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"HELPDESK_AUTH_PORT": "many"}, "HELPDESK_AUTH_PORT"),
        ({"HELPDESK_OPERATOR_PASSWORD": "short"}, "HELPDESK_OPERATOR_PASSWORD"),
        ({"HELPDESK_AUTH_DATABASE_URL": "mysql://somewhere"}, "HELPDESK_AUTH_DATABASE_URL"),
        (
            {
                "HELPDESK_AUTH_DATABASE_URL": "postgresql://127.0.0.1:1/x",
                "HELPDESK_AUTH_DATABASE_SYSTEM_URL": "postgresql://127.0.0.1:1/x",
            },
            "database",
        ),
        (
            {"HELPDESK_AUTH_DATABASE_URL": "postgresql://127.0.0.1:1/x"},
            "HELPDESK_AUTH_DATABASE_SYSTEM_URL",
        ),
    ],
)
async def test_bad_settings_end_it_with_one_clear_line(
    tmp_path: Path, settings: dict[str, str], word: str
) -> None:
    async with process(tmp_path, **settings) as auth:
        _, log = await auth.running.communicate()
        assert auth.running.returncode == 1
    [line] = log.decode().splitlines()
    assert word in line


async def test_a_taken_port_ends_it_with_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with process(tmp_path, HELPDESK_AUTH_PORT=port) as auth:
            _, log = await auth.running.communicate()
            assert auth.running.returncode == 1
    last = log.decode().splitlines()[-1]
    assert port in last
    assert "Traceback" not in log.decode()
