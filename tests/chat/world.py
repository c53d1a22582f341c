"""All of chat's world as fakes, and the parts that use cases get of it."""

from collections.abc import Callable
from dataclasses import dataclass

from services.chat.answer.extractive import ExtractiveModel
from services.chat.ports import AnswerModel, ChatParts
from tests.chat.builders import NOW
from tests.chat.fakes import FakeGroups, FakeKnowledge, FakeSessionStore, FakeTicketDesk


@dataclass
class World:
    store: FakeSessionStore
    knowledge: FakeKnowledge
    desk: FakeTicketDesk
    ids: Callable[[], str]

    def parts(self, model: AnswerModel | None = None) -> ChatParts:
        return ChatParts(
            store=self.store,
            retriever=self.knowledge,
            versions=self.knowledge,
            model=model or ExtractiveModel(),
            desk=self.desk,
            groups=FakeGroups(),
            now=lambda: NOW,
            new_id=self.ids,
        )
