"""The ticket service with all of its interceptors and a made-up authority, to be killed.

python -m tests.security.killed_service DATA [careless]

Says its port on stdout. `careless` is the control: what a call has changed is recorded after its
commit, as somebody might who thinks of records last.
"""

import asyncio
import sys
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from services.mesh.caller import TenantId, UserId
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.interceptors import audit
from services.mesh.outbound import OutboundRules
from services.mesh.server import MeshServer
from services.mesh.settings import MeshSettings
from services.ticket.attachments.folder import AttachmentFolder
from services.ticket.attachments.ports import Cabinet
from services.ticket.domain import AttachmentLimits
from services.ticket.registration import Parts
from services.ticket.server import MIGRATIONS
from services.ticket.store import (
    SqlTicketStore,
    SqlTriageStore,
    SqlWebhookStore,
)
from services.ticket.triage.classifier import BuiltInClassifier
from services.ticket.triage.desk import Desk
from services.ticket.use_cases.watching import Pace
from services.ticket.webhooks.keeping import WebhookDesk
from tests.support.mesh_server import FakeAuthority, TestUser
from tests.ticket.clients import AGENT_PERMISSIONS, SEALER
from tests.ticket.knowledge import FakeKnowledge

TENANT = TenantId("01a211e1-b832-7f3e-aa33-8e37299bd410")
USER = UserId("01a211e1-b833-7a11-8d52-3f1f6f0e2f6a")
TOKEN = "a token that only this process believes"


def database_url(data: Path) -> str:
    return f"sqlite:///{data / 'ticket' / 'ticket.db'}"


async def serve(data: Path) -> None:
    settings = MeshSettings(data=data)
    database = Database(database_url(data))
    await database.migrate(MIGRATIONS)
    permissions = frozenset(AGENT_PERMISSIONS)
    user = TestUser(TENANT, USER, permissions, frozenset({"agent"}), TOKEN)
    store = SqlTicketStore(database)

    folder = AttachmentFolder(settings.service_folder("ticket") / "attachments")
    parts = Parts(
        database=database,
        store=store,
        clock=utc_now,
        pace=Pace(),
        cabinet=Cabinet(folder, AttachmentLimits()),
        knowledge=FakeKnowledge(),
        triage=Desk(store, SqlTriageStore(database), BuiltInClassifier(), utc_now),
        webhooks=WebhookDesk(SqlWebhookStore(database), SEALER, OutboundRules(), utc_now),
    )
    server = MeshServer(
        name="ticket",
        settings=settings,
        register=parts.register,
        services=services_of("ticket"),
        authority=FakeAuthority({TOKEN: user}),
        database=database,
        port=0,
    )
    sys.stdout.write(f"{await server.start()}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def be_careless() -> None:
    patch.object(audit, "before_each_commit", lambda _: nullcontext()).start()


if __name__ == "__main__":
    if sys.argv[2:] == ["careless"]:
        be_careless()
    asyncio.run(serve(Path(sys.argv[1])))
