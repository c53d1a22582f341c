"""What mail needs kept: who is written to, what has come, and what is still to be sent."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId, UserId
from services.ticket.domain import Attachment
from services.ticket.mail.templates import MailKind, MailTemplate


@dataclass(frozen=True)
class MailAddress:
    """Where a tenant is written to, and the queue of the tickets that come of it."""

    tenant_id: TenantId
    address: str
    queue: str
    create_time: datetime


@dataclass(frozen=True)
class MailThread:
    """A ticket that came by mail. Who knows the token has read a mail that we sent about it."""

    ticket_id: str
    token: str
    address: str
    requester: str
    requester_id: UserId


class MailAddresses(Protocol):
    """Of all tenants, for a mail says only to whom it goes."""

    async def find(self, address: str) -> MailAddress | None: ...

    async def add(self, address: MailAddress) -> bool:
        """Whether no tenant had it."""
        ...

    async def list_all(self, tenant_id: TenantId) -> list[MailAddress]: ...

    async def remove(self, address: str) -> bool:
        """Whether there was one."""
        ...


class Mails(Protocol):
    """The mails of one tenant, within one transaction."""

    async def note(self, message_id: str, sender_id: UserId, time: datetime) -> bool:
        """Whether it is new. Another transaction with the same mail waits for the end of this."""
        ...

    async def file(self, message_id: str, sender_id: UserId, ticket_id: str) -> None:
        """Says what became of a noted mail."""

    async def count_of(self, sender_id: UserId, since: datetime) -> int: ...

    async def add_thread(self, thread: MailThread) -> None: ...

    async def thread_by_token(self, tokens: Collection[str]) -> MailThread | None: ...

    async def thread_of(self, ticket_id: str) -> MailThread | None: ...

    async def ticket_of_mail(self, message_ids: Collection[str]) -> str | None:
        """The ticket of one of the mails that have come."""
        ...


class MailStore(Protocol):
    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Mails]:
        """Joins the one that the task has open, so that all is kept or nothing."""
        ...


@dataclass(frozen=True)
class DueLetter:
    tenant_id: TenantId
    kind: MailKind
    letter_id: str
    tries: int
    create_time: datetime
    problem: str = ""


@dataclass(frozen=True)
class Letter:
    """`references` are the mails before it, oldest first.

    A reply has the id and the text of its comment; the acknowledgement of a ticket has the ticket's
    id and no text.
    """

    letter_id: str
    number: int
    subject: str
    queue: str
    body: str
    create_time: datetime
    thread: MailThread
    template: MailTemplate
    references: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()


class MailTemplates(Protocol):
    """Those that one tenant has set, in one transaction."""

    async def put(self, template: MailTemplate) -> None:
        """Keeps it instead of the one of its kind."""

    async def find(self, kind: MailKind) -> MailTemplate | None: ...

    async def remove(self, kind: MailKind) -> None: ...


class MailTemplateStore(Protocol):
    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[MailTemplates]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[MailTemplates]: ...


class MailOutbox(Protocol):
    async def list_due(self, now: datetime, limit: int) -> list[DueLetter]:
        """Of all tenants, those that wait longest first."""
        ...

    async def claim(self, due: DueLetter, until: datetime) -> bool:
        """Whether nobody else has it; others see it again at `until`."""
        ...

    async def find_letter(self, due: DueLetter) -> Letter | None:
        """None where there is no such comment or ticket, or only agents may read it."""
        ...

    async def note_delivery(self, due: DueLetter, time: datetime) -> None: ...

    async def put_off(self, due: DueLetter, until: datetime, problem: str) -> None: ...

    async def give_up(self, due: DueLetter, problem: str) -> None: ...
