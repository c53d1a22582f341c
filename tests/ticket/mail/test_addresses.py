"""Operators say which tenant an address belongs to, and nobody has one of another's."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from helpdesk.ticket.v1 import mail_address_service_pb2, mail_address_service_pb2_grpc
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import RunningServer, refused
from tests.ticket.clients import serving

PERMISSIONS = {f"ticket.mail_addresses.{verb}" for verb in ("create", "list", "delete")}


class Operator:
    def __init__(self, server: RunningServer) -> None:
        self._stub: Any = mail_address_service_pb2_grpc.MailAddressServiceStub(
            server.channel("gateway")
        )
        self._user = server.user(tenant_id=new_id(), permissions=PERMISSIONS)

    async def give(self, tenant_id: str, address: str, queue: str = "") -> None:
        given = mail_address_service_pb2.MailAddress(
            tenant_id=tenant_id, address=address, queue=queue
        )
        request = mail_address_service_pb2.CreateMailAddressRequest(mail_address=given)
        await self._stub.CreateMailAddress(request, metadata=self._user.metadata, timeout=20)

    async def addresses(self, tenant_id: str) -> list[tuple[str, str]]:
        request = mail_address_service_pb2.ListMailAddressesRequest(tenant_id=tenant_id)
        found = await self._stub.ListMailAddresses(
            request, metadata=self._user.metadata, timeout=20
        )
        return [(each.address, each.queue) for each in found.mail_addresses]

    async def take(self, address: str) -> None:
        request = mail_address_service_pb2.DeleteMailAddressRequest(address=address)
        await self._stub.DeleteMailAddress(request, metadata=self._user.metadata, timeout=20)


@pytest.fixture
async def operator(
    sql_store: SqlTicketStore, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[Operator]:
    async with serving(sql_store, database, mesh_settings) as server:
        yield Operator(server)


def an_address() -> str:
    return f"help-{new_id()[-12:]}@acme.example"


async def test_an_address_is_given_and_taken_away(operator: Operator, tenant_id: TenantId) -> None:
    address = an_address()
    await operator.give(tenant_id, address, "network")

    assert await operator.addresses(tenant_id) == [(address, "network")]
    await operator.take(address)
    assert await operator.addresses(tenant_id) == []
    with refused(grpc.StatusCode.NOT_FOUND, "MAIL_ADDRESS_NOT_FOUND"):
        await operator.take(address)


async def test_an_address_is_one_tenants(
    operator: Operator, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    address = an_address()
    await operator.give(tenant_id, address)

    for other in (tenant_id, stranger_id):
        with refused(grpc.StatusCode.ALREADY_EXISTS, "MAIL_ADDRESS_EXISTS"):
            await operator.give(other, address)
    assert await operator.addresses(stranger_id) == []
    assert await operator.addresses(tenant_id) == [(address, "general")]


@pytest.mark.parametrize(
    "address", ["", "help", "help+x@acme.example", "Help@acme.example", "a b@acme.example", "@x"]
)
async def test_what_is_no_plain_address_is_refused(
    operator: Operator, tenant_id: TenantId, address: str
) -> None:
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await operator.give(tenant_id, address)
