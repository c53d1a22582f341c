"""Replies that agents write again and again, with variables that a ticket fills in.

A variable is `{{ticket.number}}`, `{{ticket.subject}}`, `{{ticket.queue}}` or `{{requester.name}}`.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId, current_tenant
from services.mesh.clock import Clock
from services.ticket.domain import Ticket
from services.ticket.errors.canned_replies import (
    CannedReplyExists,
    CannedReplyNotFound,
    TooManyCannedReplies,
)
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases.content_checks import require_text, require_written
from services.ticket.use_cases.ticketing import get_ticket
from services.ticket.use_cases.variables import filled_in, require_variables

MOST_CANNED_REPLIES = 200
VARIABLES = ("ticket.number", "ticket.subject", "ticket.queue", "requester.name")


@dataclass(frozen=True)
class CannedReply:
    name: str
    body: str
    create_time: datetime


class CannedReplies(Protocol):
    """Those of one tenant, in one transaction."""

    async def add(self, reply: CannedReply) -> bool:
        """Returns whether the name was free."""
        ...

    async def list_all(self) -> list[CannedReply]:
        """Returns them by name."""
        ...

    async def find(self, name: str) -> CannedReply | None: ...

    async def remove(self, name: str) -> bool:
        """Returns whether there was one."""
        ...


class CannedReplyStore(Protocol):
    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[CannedReplies]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[CannedReplies]: ...


async def create_canned_reply(
    store: CannedReplyStore, clock: Clock, name: str, body: str
) -> CannedReply:
    acts_on("canned_reply", name)
    require_written("canned_reply.body", body)
    require_variables("canned_reply.body", body, VARIABLES)
    reply = CannedReply(name, body, clock())
    async with store.transaction(current_tenant()) as replies:
        if not await replies.add(reply):
            raise CannedReplyExists(name)
        if len(await replies.list_all()) > MOST_CANNED_REPLIES:
            raise TooManyCannedReplies(MOST_CANNED_REPLIES)
    return reply


async def list_canned_replies(store: CannedReplyStore) -> list[CannedReply]:
    async with store.reading(current_tenant()) as replies:
        return await replies.list_all()


async def delete_canned_reply(store: CannedReplyStore, name: str) -> None:
    async with store.transaction(current_tenant()) as replies:
        if not await replies.remove(name):
            raise CannedReplyNotFound(name)
        acts_on("canned_reply", name)


async def render_canned_reply(
    store: CannedReplyStore, tickets: TicketStore, ticket_id: str, name: str, requester_name: str
) -> str:
    """Raises VariableNotGiven where the reply names the requester and the caller does not."""
    ticket = await get_ticket(tickets, ticket_id)
    require_text("requester_name", requester_name)
    async with store.reading(current_tenant()) as replies:
        reply = await replies.find(name)
    if reply is None:
        raise CannedReplyNotFound(name)
    return filled_in(reply.body, values_of(ticket, requester_name))


def values_of(ticket: Ticket, requester_name: str) -> Mapping[str, str]:
    return {
        "ticket.number": f"#{ticket.number}",
        "ticket.subject": ticket.subject,
        "ticket.queue": ticket.queue,
        "requester.name": requester_name,
    }
