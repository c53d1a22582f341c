"""Chat behind a real server, with a user who asks."""

from dataclasses import dataclass

from helpdesk.chat.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc
from tests.chat.fakes import (
    SwitchedModel,
)
from tests.chat.world import World
from tests.support.mesh_server import RunningServer, TestUser

HOW = "How do I get access to Slack as a new hire?"
PERMISSIONS = {
    "chat.sessions.create",
    "chat.sessions.get",
    "chat.messages.list",
    "chat.messages.send",
    "chat.sessions.hand_off",
}


@dataclass
class Chat:
    server: RunningServer
    stub: "chat_service_pb2_grpc.ChatServiceAsyncStub"
    world: World
    ann: TestUser
    model: SwitchedModel

    async def ask(
        self, text: str = HOW, session_id: str = "", request_id: str = ""
    ) -> chat_pb2.Message:
        request = chat_service_pb2.SendMessageRequest(
            text=text, session_id=session_id, request_id=request_id
        )
        return await self.stub.SendMessage(request, metadata=self.ann.metadata)

    async def stream(self, **fields: str) -> list[chat_pb2.StreamMessageResponse]:
        request = chat_service_pb2.StreamMessageRequest(**fields)
        call = self.stub.StreamMessage(request, metadata=self.ann.metadata)
        return [event async for event in call]

    async def hand_off(self, session_id: str, reason: str = "") -> chat_pb2.ChatSession:
        request = chat_service_pb2.HandOffSessionRequest(session_id=session_id, reason=reason)
        return await self.stub.HandOffSession(request, metadata=self.ann.metadata)

    async def messages(
        self, session_id: str, page_size: int = 0, page_token: str = ""
    ) -> chat_service_pb2.ListMessagesResponse:
        request = chat_service_pb2.ListMessagesRequest(
            session_id=session_id, page_size=page_size, page_token=page_token
        )
        return await self.stub.ListMessages(request, metadata=self.ann.metadata)

    async def get(self, session_id: str) -> chat_pb2.ChatSession:
        request = chat_service_pb2.GetSessionRequest(session_id=session_id)
        return await self.stub.GetSession(request, metadata=self.ann.metadata)
