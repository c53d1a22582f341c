"""The tables of chat. Every key begins with the tenant."""

from datetime import datetime

from sqlalchemy import (
    JSON,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.mesh.audit.tables import audit_tables
from services.mesh.database import UtcDateTime, naming
from services.mesh.idempotency import idempotency_table

ID = String(64)


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention=naming)


class SessionRow(Table):
    __tablename__ = "chat_sessions"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "session_id"),)

    tenant_id: Mapped[str] = mapped_column(ID)
    session_id: Mapped[str] = mapped_column(ID)
    user_id: Mapped[str] = mapped_column(ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    message_count: Mapped[int]
    ticket_id: Mapped[str | None] = mapped_column(ID)
    hand_off_reason: Mapped[str | None] = mapped_column(Text)
    hand_off_message_count: Mapped[int | None]


class MessageRow(Table):
    __tablename__ = "messages"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "message_id"),
        ForeignKeyConstraint(
            ["tenant_id", "session_id"], ["chat_sessions.tenant_id", "chat_sessions.session_id"]
        ),
        UniqueConstraint("tenant_id", "session_id", "position", name="uq_messages_position"),
        UniqueConstraint("tenant_id", "user_id", "request_id", name="uq_messages_request"),
        UniqueConstraint("tenant_id", "answers", name="uq_messages_answers"),
    )

    tenant_id: Mapped[str] = mapped_column(ID)
    message_id: Mapped[str] = mapped_column(ID)
    session_id: Mapped[str] = mapped_column(ID)
    position: Mapped[int]
    user_id: Mapped[str] = mapped_column(ID)
    role: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(20))
    nearest_articles: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(ID)
    answers: Mapped[str | None] = mapped_column(ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class CitationRow(Table):
    __tablename__ = "citations"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "message_id", "number"),
        ForeignKeyConstraint(
            ["tenant_id", "message_id"], ["messages.tenant_id", "messages.message_id"]
        ),
    )

    tenant_id: Mapped[str] = mapped_column(ID)
    message_id: Mapped[str] = mapped_column(ID)
    number: Mapped[int] = mapped_column(autoincrement=False)
    document_id: Mapped[str] = mapped_column(ID)
    version: Mapped[int]
    chunk_id: Mapped[str] = mapped_column(ID)
    title: Mapped[str] = mapped_column(Text)
    start: Mapped[int]
    end: Mapped[int]
    quote: Mapped[str] = mapped_column(Text)
    source_uri: Mapped[str] = mapped_column(Text)


remembered_replies = idempotency_table(Table.metadata)
audit = audit_tables(Table.metadata)
