"""Messages of the contract ↔ values of the domain."""

from google.rpc import status_pb2

from helpdesk.chat.v1 import chat_pb2, gap_service_pb2
from helpdesk.search.v1 import search_pb2
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from services.chat.domain import (
    AnswerDelta,
    AnswerDone,
    AnswerEvent,
    AnswerOutcome,
    AnswerStarted,
    ChatSession,
    Citation,
    CitationAdded,
    DocumentVersion,
    Message,
    MessageRole,
    NearestArticle,
    Passage,
)
from services.chat.gaps import Gap
from services.chat.ports import TicketOrder

_ROLES = {
    MessageRole.USER: chat_pb2.MESSAGE_ROLE_USER,
    MessageRole.ASSISTANT: chat_pb2.MESSAGE_ROLE_ASSISTANT,
}
_OUTCOMES = {
    None: chat_pb2.ANSWER_OUTCOME_UNSPECIFIED,
    AnswerOutcome.ANSWERED: chat_pb2.ANSWER_OUTCOME_ANSWERED,
    AnswerOutcome.NOT_FOUND: chat_pb2.ANSWER_OUTCOME_NOT_FOUND,
    AnswerOutcome.HANDED_OFF: chat_pb2.ANSWER_OUTCOME_HANDED_OFF,
}


def session_message(session: ChatSession) -> chat_pb2.ChatSession:
    message = chat_pb2.ChatSession(
        session_id=session.session_id,
        user_id=session.user_id,
        ticket_id=session.ticket_id or "",
    )
    message.create_time.FromDatetime(session.create_time)
    return message


def message_message(message: Message) -> chat_pb2.Message:
    converted = chat_pb2.Message(
        message_id=message.message_id,
        session_id=message.session_id,
        role=_ROLES[message.role],
        text=message.text,
        outcome=_OUTCOMES[message.outcome],
        citations=[citation_message(citation) for citation in message.citations],
        nearest_articles=map(nearest_article_message, message.nearest_articles),
    )
    converted.create_time.FromDatetime(message.create_time)
    return converted


def nearest_article_message(article: NearestArticle) -> chat_pb2.NearestArticle:
    return chat_pb2.NearestArticle(
        document_id=article.document_id, title=article.title, source_uri=article.source_uri
    )


def gap_message(gap: Gap) -> gap_service_pb2.Gap:
    message = gap_service_pb2.Gap(
        question=gap.question,
        count=gap.count,
        examples=gap.examples,
        nearest_articles=map(nearest_article_message, gap.nearest_articles),
    )
    message.first_time.FromDatetime(gap.first_time)
    message.last_time.FromDatetime(gap.last_time)
    return message


def citation_message(citation: Citation) -> chat_pb2.Citation:
    return chat_pb2.Citation(
        number=citation.number,
        document_id=citation.document_id,
        version=citation.version,
        chunk_id=citation.chunk_id,
        title=citation.title,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        source_uri=citation.source_uri,
    )


def event_message(seq: int, event: AnswerEvent) -> chat_pb2.StreamMessageResponse:
    match event:
        case AnswerStarted():
            started = chat_pb2.AnswerStarted(
                session_id=event.session_id, message_id=event.message_id
            )
            return chat_pb2.StreamMessageResponse(seq=seq, started=started)
        case AnswerDelta():
            delta = chat_pb2.AnswerDelta(text=event.text)
            return chat_pb2.StreamMessageResponse(seq=seq, delta=delta)
        case CitationAdded():
            citation = citation_message(event.citation)
            return chat_pb2.StreamMessageResponse(seq=seq, citation=citation)
        case AnswerDone():
            done = chat_pb2.AnswerDone(message=message_message(event.message))
            return chat_pb2.StreamMessageResponse(seq=seq, done=done)


def error_message(seq: int, status: status_pb2.Status) -> chat_pb2.StreamMessageResponse:
    return chat_pb2.StreamMessageResponse(seq=seq, error=status)


def passage(result: search_pb2.SearchResult) -> Passage:
    return Passage(
        document_id=result.document_id,
        version=result.version,
        chunk_id=result.chunk_id,
        title=result.title,
        headings=tuple(result.headings),
        text=result.text,
        start=result.start,
        end=result.end,
        score=result.score,
        similarity=result.similarity,
        coverage=result.coverage,
        source_uri=result.source_uri,
    )


def document_version(message: search_pb2.DocumentVersion) -> DocumentVersion:
    return DocumentVersion(
        document_id=message.document_id,
        version=message.version,
        title=message.title,
        content=message.content,
        source_uri=message.source_uri,
    )


def create_ticket_request(order: TicketOrder) -> ticket_service_pb2.CreateTicketRequest:
    return ticket_service_pb2.CreateTicketRequest(
        ticket=ticket_pb2.Ticket(subject=order.subject, body=order.body),
        request_id=order.request_id,
        chat_session_id=order.chat_session_id,
        transcript=order.transcript,
    )
