from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from helpdesk.chat.v1 import chat_service_pb2_grpc
from services.chat.answer.extractive import ExtractiveModel
from services.chat.server import HANDLED_BY_CHAT, MIGRATIONS, SERVICES, register
from services.chat.store import SqlSessionStore
from services.mesh.caller import acting_as
from services.mesh.database import Database
from services.mesh.settings import MeshSettings
from tests.chat.builders import ANN, CountedIds, a_passage, a_version
from tests.chat.fakes import (
    FakeKnowledge,
    FakeSessionStore,
    FakeTicketDesk,
    SwitchedModel,
)
from tests.chat.served import PERMISSIONS, Chat
from tests.chat.world import World
from tests.support.mesh_server import TestUser, running_server


@pytest.fixture
def world() -> Iterator[World]:
    knowledge = FakeKnowledge([a_passage()], [a_version()])
    with acting_as(ANN):
        yield World(FakeSessionStore(), knowledge, FakeTicketDesk(), CountedIds())


@pytest.fixture
async def chat(mesh_settings: MeshSettings, sqlite_url: str) -> AsyncIterator[Chat]:
    database = Database(sqlite_url)
    await database.migrate(MIGRATIONS)
    knowledge = FakeKnowledge([a_passage()], [a_version()])
    world = World(FakeSessionStore(), knowledge, FakeTicketDesk(), lambda: str(uuid4()))
    model = SwitchedModel(ExtractiveModel())
    parts = replace(world.parts(model), store=SqlSessionStore(database))

    async with running_server(
        "chat",
        lambda server: register(parts, server),
        SERVICES,
        mesh_settings,
        database=database,
        handled_by_service=HANDLED_BY_CHAT,
    ) as server:
        stub = chat_service_pb2_grpc.ChatServiceStub(server.channel())
        ann = server.user(tenant_id="acme", user_id="ann", permissions=PERMISSIONS)
        yield Chat(server, stub, world, ann, model)
    await database.close()


@pytest.fixture(params=[("acme", "bob"), ("globex", "ann")], ids=["same tenant", "other tenant"])
def stranger(request: pytest.FixtureRequest, chat: Chat) -> TestUser:
    tenant_id, user_id = request.param
    return chat.server.user(tenant_id=tenant_id, user_id=user_id, permissions=PERMISSIONS)
