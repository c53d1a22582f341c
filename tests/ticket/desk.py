"""The use cases with a store in memory and a clock at hand."""

from services.mesh.caller import Caller, acting_as
from services.ticket.domain import Ticket, TicketContent, TicketPriority
from services.ticket.use_cases import ticketing
from tests.ticket.builders import TickingClock
from tests.ticket.fakes import FakeTicketStore

WIFI = TicketContent("No Wi-Fi", "Gone since noon.", TicketPriority.HIGH, ("wifi",))


class Desk:
    def __init__(self) -> None:
        self.store = FakeTicketStore()
        self.clock = TickingClock()

    async def opened_by(self, caller: Caller, content: TicketContent = WIFI) -> Ticket:
        with acting_as(caller):
            return await ticketing.open_ticket(self.store, self.clock, content)

    async def update(
        self, ticket: Ticket, content: TicketContent, *paths: str, etag: str = ""
    ) -> Ticket:
        return await ticketing.update_ticket(
            self.store, self.clock, ticket.ticket_id, content, paths=paths, etag=etag
        )

    async def comment(self, ticket: Ticket, body: str = "Hm.", *, is_internal: bool = False) -> str:
        comment = await ticketing.add_comment(
            self.store, self.clock, ticket.ticket_id, body, is_internal=is_internal
        )
        return comment.comment_id

    async def get(self, ticket: Ticket) -> Ticket:
        return await ticketing.get_ticket(self.store, ticket.ticket_id)
