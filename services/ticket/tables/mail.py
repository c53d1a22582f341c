"""The tables of mail."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.mesh.columns import UtcDateTime
from services.ticket.tables.tickets import Table

_ID = String(64)
_ADDRESS = String(254)


class MailAddressRow(Table):
    """The one key that spans tenants: a mail names no tenant, and must lead to one."""

    __tablename__ = "mail_addresses"
    __table_args__ = (Index("uq_mail_addresses_address", "address", unique=True),)

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    address: Mapped[str] = mapped_column(_ADDRESS, primary_key=True)
    queue: Mapped[str] = mapped_column(_ID)
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class MailThreadRow(Table):
    __tablename__ = "mail_threads"
    __table_args__ = (Index("uq_mail_threads_token", "tenant_id", "token", unique=True),)

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    token: Mapped[str] = mapped_column(_ID)
    address: Mapped[str] = mapped_column(_ADDRESS)
    requester: Mapped[str] = mapped_column(_ADDRESS)
    requester_id: Mapped[str] = mapped_column(_ID)


class MailMessageRow(Table):
    """A mail that has come. By sender, too: who guesses an id cannot keep another's mail away."""

    __tablename__ = "mail_messages"
    __table_args__ = (
        Index("ix_mail_messages_by_sender", "tenant_id", "sender_id", "create_time"),
        Index("ix_mail_messages_by_ticket", "tenant_id", "ticket_id", "create_time"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    message_hash: Mapped[str] = mapped_column(_ID, primary_key=True)
    sender_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    message_id: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[str] = mapped_column(_ID, server_default="")
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)


class MailOutboxRow(Table):
    """What is to be sent; written with the comment, or the entry in the log, that it tells of."""

    __tablename__ = "mail_outbox"
    __table_args__ = (Index("ix_mail_outbox_waiting", "next_time"),)

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    # The id of the comment, or of the ticket that is acknowledged.
    letter_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    kind: Mapped[str] = mapped_column(_ID, server_default="reply")
    ticket_id: Mapped[str] = mapped_column(_ID)
    tries: Mapped[int] = mapped_column(server_default="0")
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    # None once it is delivered or given up.
    next_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str] = mapped_column(Text, server_default="")


class MailTemplateRow(Table):
    """What mails of a kind say; without one, what is built in."""

    __tablename__ = "mail_templates"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    kind: Mapped[str] = mapped_column(_ID, primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)


class MailboxRow(Table):
    """How far a mailbox has been read."""

    __tablename__ = "mailboxes"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    mailbox: Mapped[str] = mapped_column(_ID, primary_key=True)
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
    look_time: Mapped[datetime] = mapped_column(UtcDateTime)


class MailboxWaitingRow(Table):
    """A mail in a mailbox that is to be taken yet, or again."""

    __tablename__ = "mailbox_waiting"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    mailbox: Mapped[str] = mapped_column(_ID, primary_key=True)
    uid_validity: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uid: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tries: Mapped[int] = mapped_column(server_default="0")
    next_time: Mapped[datetime] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text, server_default="")
