"""Agents who answer mails, and a mail server that takes their answers on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from services.mesh.caller import acting_as
from services.mesh.clock import utc_now
from services.ticket.domain import Comment, Ticket
from services.ticket.mail.courier import GIVE_UP_AFTER, Courier
from services.ticket.store import SqlMailOutbox
from services.ticket.tables.mail import MailOutboxRow
from services.ticket.use_cases import ticketing
from tests.ticket.builders import an_agent
from tests.ticket.mail.conftest import House
from tests.ticket.mail.mails import a_mail
from tests.ticket.mail.peer import Peer, running_peer


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


class Desk:
    def __init__(self, house: House, peer: Peer) -> None:
        self.house = house
        self.peer = peer
        self.clock = Clock()
        self.courier = self.another_courier()

    def another_courier(self) -> Courier:
        return Courier(
            SqlMailOutbox(self.house.database), self.house.store, self.peer.relay, self.clock
        )

    async def opened(self, **mail: str) -> Ticket:
        await self.house.take(a_mail(**mail))
        return (await self.house.tickets())[-1]

    async def write(self, ticket: Ticket, body: str, *, is_internal: bool = False) -> Comment:
        with acting_as(an_agent(tenant_id=self.house.tenant_id)):
            return await ticketing.add_comment(
                self.house.store, self.clock, ticket.ticket_id, body, is_internal=is_internal
            )

    async def waiting(self) -> list[MailOutboxRow]:
        async with self.house.database.tenant_reading(self.house.tenant_id) as session:
            own = MailOutboxRow.tenant_id == self.house.tenant_id
            return [*await session.scalars(select(MailOutboxRow).where(own))]


@asynccontextmanager
async def answering(house: House, folder: Path) -> AsyncIterator[Desk]:
    async with running_peer(folder) as peer:
        desk = Desk(house, peer)
        yield desk
        # Others share the database, and their couriers would find what is left.
        desk.clock.ahead += GIVE_UP_AFTER * 2
        await desk.courier.send_due()
