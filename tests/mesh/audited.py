"""A server whose CreateUser is audited and keeps people, on a database with a chain."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, func, insert, select, text

from helpdesk.auth.v1 import audit_service_pb2, auth_pb2, user_service_pb2_grpc
from services.mesh.audit import acts_on
from services.mesh.audit.anchors import Anchors
from services.mesh.audit.keys import AuditKeys
from services.mesh.audit.reading import Verdict, Wanted, list_records, verify_chain
from services.mesh.audit.record import Record
from services.mesh.caller import TenantId, current_tenant
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES, Scripted
from tests.support.mesh_server import RunningServer, TestUser, running_server

MAY = ["auth.users.create", "auth.audit.list", "auth.audit.verify"]
METHOD = "/helpdesk.auth.v1.UserService/CreateUser"
ACME = TenantId("acme")
AUDIT_SERVICE = audit_service_pb2.DESCRIPTOR.services_by_name["AuthAuditService"].full_name
AUDITED_SERVICES = [*SERVICES, AUDIT_SERVICE]

people = Table(
    "people",
    MetaData(),
    Column("tenant_id", String(64), primary_key=True),
    Column("user_id", String(64), primary_key=True),
)

FIRST = """
import sqlalchemy as sa
from alembic import op
from services.mesh.audit.tables import create_audit_tables
from services.mesh.idempotency import create_idempotency_table
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None

def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("tenant_id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
    )
    enable_row_security(op, "people")
    create_idempotency_table(op)
    create_audit_tables(op)
"""


@asynccontextmanager
async def opened_database(address: AnyAddress, folder: Path) -> AsyncIterator[Database]:
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_create_people.py").write_text(FIRST)
    database = Database(address)
    await database.migrate(versions.parent)
    yield database
    await database.close()


class Office:
    """The server, its database, and what can be asked of them."""

    def __init__(self, server: RunningServer, scripted: Scripted, database: Database) -> None:
        self.server = server
        self.scripted = scripted
        self.database = database
        self.ann = server.user(permissions=MAY)
        self.folder = server.settings.service_folder("auth")
        self.keys = AuditKeys(self.folder / "audit-keys")
        self.anchors = Anchors(self.folder / "audit-anchors", self.keys)

    async def create(self, request: object, user: TestUser | None = None) -> auth_pb2.User:
        stub: Any = user_service_pb2_grpc.UserServiceStub(self.server.channel())
        made: auth_pb2.User = await stub.CreateUser(request, metadata=(user or self.ann).metadata)
        return made

    async def records(self, tenant_id: TenantId = ACME, **wanted: Any) -> list[Record]:  # noqa: ANN401
        return await list_records(self.database, tenant_id, Wanted(**wanted), 10_000)

    async def people(self) -> set[str]:
        async with self.database.system_reading() as session:
            return set(await session.scalars(select(people.c.user_id)))

    async def verdict(self, tenant_id: TenantId = ACME) -> Verdict:
        return await verify_chain(self.database, self.keys, self.anchors, utc_now, tenant_id)

    async def count(self, table: str) -> int:
        async with self.database.system_reading() as session:
            found = select(func.count()).select_from(text(table))
            return (await session.execute(found)).scalar_one()


@asynccontextmanager
async def an_office(
    scripted: Scripted, database: Database, settings: MeshSettings
) -> AsyncIterator[Office]:
    async def create(request: Any, _: object) -> auth_pb2.User:  # noqa: ANN401
        user_id = new_id()
        async with database.tenant_transaction(current_tenant()) as session:
            await session.execute(
                insert(people).values(tenant_id=current_tenant(), user_id=user_id)
            )
            acts_on("user", user_id)
        return auth_pb2.User(user_id=user_id, display_name=request.user.display_name)

    scripted.answers["CreateUser"] = create
    async with running_server(
        "auth", scripted.register, AUDITED_SERVICES, settings, database=database
    ) as server:
        yield Office(server, scripted, database)
