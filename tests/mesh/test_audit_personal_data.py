"""Of all that a request holds, nothing but ids reaches the audit tables."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from sqlalchemy import text

from services.mesh.audit.resources import Resource
from services.mesh.caller import TenantId
from services.mesh.contract import full_name, read_policy, services_of
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from tests.mesh.audited import opened_database
from tests.mesh.planting import MARK, TakesAnything, made_valid, planted
from tests.support.mesh_server import RunningServer, TestUser, running_server

AREAS = ("auth", "ticket", "search", "chat")


class House:
    def __init__(self, server: RunningServer, takes: TakesAnything, database: Database) -> None:
        self.server = server
        self.takes = takes
        self.database = database
        methods = [method for method in takes.methods() if read_policy(method).audited]
        self.audited = methods
        permissions = {read_policy(method).permission for method in methods} - {""}
        self.ann = server.user(tenant_id=TENANT, permissions=permissions)

    async def call_all(self) -> None:
        for method in self.audited:
            for message in planted(GetMessageClass(method.input_type)):
                await self._call(method, message.SerializeToString(), self.ann)
                is_valid = made_valid(message)
                assert is_valid, f"{method.full_name}: no valid request\n{message}"
                for writes in (True, False):
                    self.takes.writes = writes
                    await self._call(method, message.SerializeToString(), self.ann)

    async def _call(self, method: MethodDescriptor, request: bytes, user: TestUser) -> None:
        (caller, *_) = sorted(read_policy(method).callers)
        call: Any = self.server.channel(caller).unary_unary(full_name(method))
        metadata = (*user.metadata, ("x-request-id", f"{MARK}-request"))
        with suppress(grpc.aio.AioRpcError):
            await call(request, metadata=metadata, timeout=20)

    async def written(self) -> dict[str, str]:
        """Every value of the tables, by table."""
        async with self.database.system_reading() as session:
            return {
                table: str((await session.execute(text(f"SELECT * FROM {table}"))).all())  # noqa: S608
                for table in ("audit_records", "audit_heads", "audit_purges")
            }


TENANT = TenantId(new_id())


@pytest.fixture(params=AREAS)
async def house(
    request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path, mesh_settings: MeshSettings
) -> AsyncIterator[House]:
    area = request.param
    async with opened_database(sqlite_url, tmp_path) as database:
        takes = TakesAnything(area, database, TENANT)
        async with running_server(
            area, takes.register, services_of(area), mesh_settings, database=database
        ) as server:
            yield House(server, takes, database)


async def test_no_text_of_a_request_is_written(house: House) -> None:
    await house.call_all()

    written = await house.written()
    assert all(MARK not in values for values in written.values()), written
    for method in house.audited:
        assert f"'{full_name(method)}', " in written["audit_records"]
    assert "'COMMITTED', " in written["audit_records"]


async def test_control_with_names_taken_for_ids_texts_are_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(resource: Resource, request: object) -> str:
        value = request
        for name in resource.path:
            value = getattr(value, name)
        return str(value)

    monkeypatch.setattr(Resource, "in_request", careless)
    await house.call_all()

    assert MARK in (await house.written())["audit_records"]
