"""The RPCs of chat: message in, one use case, message out."""

from collections.abc import AsyncIterator

import structlog

from helpdesk.chat.v1 import (
    chat_pb2,
    chat_service_pb2,
    chat_service_pb2_grpc,
    gap_service_pb2,
    gap_service_pb2_grpc,
)
from services.chat import use_cases
from services.chat.convert import (
    error_message,
    event_message,
    gap_message,
    message_message,
    session_message,
)
from services.chat.gaps import report_gaps
from services.chat.ports import ChatParts
from services.mesh.call import call_or_none
from services.mesh.caller import current_tenant
from services.mesh.errors import Internal, MeshError, PageTokenInvalid
from services.mesh.interceptors.chain import Context
from services.mesh.interceptors.errors import to_status
from services.mesh.paging import decode_page_token, encode_page_token, page_size

log = structlog.get_logger()


class ChatServicer(chat_service_pb2_grpc.ChatServiceServicer):
    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts

    async def CreateSession(
        self, request: chat_service_pb2.CreateSessionRequest, context: Context
    ) -> chat_pb2.ChatSession:
        return session_message(await use_cases.create_session(self._parts))

    async def GetSession(
        self, request: chat_service_pb2.GetSessionRequest, context: Context
    ) -> chat_pb2.ChatSession:
        return session_message(await use_cases.get_session(self._parts, request.session_id))

    async def ListMessages(
        self, request: chat_service_pb2.ListMessagesRequest, context: Context
    ) -> chat_service_pb2.ListMessagesResponse:
        tenant_id, list_of = current_tenant(), {"session_id": request.session_id}
        size = page_size(request.page_size)
        position = _position(decode_page_token(tenant_id, list_of, request.page_token))
        found = await use_cases.list_messages(
            self._parts, request.session_id, after_position=position, limit=size + 1
        )
        more = len(found) > size
        return chat_service_pb2.ListMessagesResponse(
            messages=[message_message(message) for message in found[:size]],
            next_page_token=(
                encode_page_token(tenant_id, list_of, str(position + size)) if more else ""
            ),
        )

    async def SendMessage(
        self, request: chat_service_pb2.SendMessageRequest, context: Context
    ) -> chat_pb2.Message:
        return message_message(await use_cases.send_message(self._parts, _asked(request)))

    async def StreamMessage(
        self, request: chat_service_pb2.StreamMessageRequest, context: Context
    ) -> AsyncIterator[chat_pb2.StreamMessageResponse]:
        seq = 0
        try:
            async for event in use_cases.stream_message(self._parts, _asked(request)):
                seq += 1
                yield event_message(seq, event)
        except Exception as error:
            # Before the first event the call itself can still be refused.
            if seq == 0:
                raise
            yield error_message(seq + 1, to_status(_told(error)))

    async def HandOffSession(
        self, request: chat_service_pb2.HandOffSessionRequest, context: Context
    ) -> chat_pb2.ChatSession:
        return session_message(
            await use_cases.hand_off_session(self._parts, request.session_id, request.reason)
        )


class GapServicer(gap_service_pb2_grpc.GapServiceServicer):
    def __init__(self, parts: ChatParts) -> None:
        self._parts = parts

    async def ReportGaps(
        self, request: gap_service_pb2.ReportGapsRequest, context: Context
    ) -> gap_service_pb2.ReportGapsResponse:
        report = await report_gaps(
            self._parts.store,
            self._parts.groups,
            self._parts.now,
            days=request.days,
            page_size=request.page_size,
        )
        return gap_service_pb2.ReportGapsResponse(
            gaps=map(gap_message, report.gaps), question_count=report.question_count
        )


def _position(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise PageTokenInvalid("The page_token was not given out by this list.")
    return int(token)


def _asked(
    request: chat_service_pb2.SendMessageRequest | chat_service_pb2.StreamMessageRequest,
) -> use_cases.AskedQuestion:
    return use_cases.AskedQuestion(request.text, request.session_id, request.request_id)


def _told(error: Exception) -> MeshError:
    if isinstance(error, MeshError):
        told = error
    else:
        log.error("an answer failed", error=type(error).__name__, exc_info=error)
        told = Internal("Something failed on our side. The request id finds it in our logs.")
    if (call := call_or_none()) is not None:
        call.reason = told.reason
        if told is not error:
            told.metadata["request_id"] = call.request_id
    return told
