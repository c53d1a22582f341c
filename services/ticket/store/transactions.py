"""Transactions on one tenant's tickets, and news of those that committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.listeners import Listeners
from services.ticket.store.sla_rules import SlaRulebook
from services.ticket.store.sql import SqlTickets


class SqlTicketStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners = Listeners()
        self._rulebook = SlaRulebook()

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[SqlTickets]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield self._tickets(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[SqlTickets]:
        async with self._database.tenant_transaction(tenant_id) as session:
            # Not at the end of this block: an outer transaction may commit later than that.
            session.after_commit.append(partial(self._listeners.announce, tenant_id))
            yield self._tickets(session, tenant_id)

    def listening(self, tenant_id: TenantId) -> AbstractContextManager[asyncio.Event]:
        return self._listeners.listening(tenant_id)

    def listening_to_all(self) -> AbstractContextManager[asyncio.Event]:
        """As `listening`, to the commits of all tenants."""
        return self._listeners.listening_to_all()

    def _tickets(self, session: Session, tenant_id: TenantId) -> SqlTickets:
        """The same ones for all that joins a transaction."""
        key = (SqlTickets, tenant_id)
        if key not in session.info:
            session.info[key] = SqlTickets(session, tenant_id, self._rulebook)
        tickets: SqlTickets = session.info[key]
        return tickets
