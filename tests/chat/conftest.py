from collections.abc import Iterator

import pytest

from services.mesh.caller import acting_as
from tests.chat.builders import ANN, CountedIds, a_passage, a_version
from tests.chat.fakes import FakeKnowledge, FakeSessionStore, FakeTicketDesk
from tests.chat.world import World


@pytest.fixture
def world() -> Iterator[World]:
    knowledge = FakeKnowledge([a_passage()], [a_version()])
    with acting_as(ANN):
        yield World(FakeSessionStore(), knowledge, FakeTicketDesk(), CountedIds())
