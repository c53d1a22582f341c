"""The use cases with a store in memory and a clock at hand."""

from services.mesh.caller import Caller, acting_as
from services.ticket import use_cases
from services.ticket.domain import Ticket, TicketContent, TicketPriority
from tests.ticket.builders import TickingClock
from tests.ticket.fakes import FakeTicketStore

WIFI = TicketContent("No Wi-Fi", "Gone since noon.", TicketPriority.HIGH, ("wifi",))


class Desk:
    def __init__(self) -> None:
        self.store = FakeTicketStore()
        self.clock = TickingClock()

    async def opened_by(self, caller: Caller, content: TicketContent = WIFI) -> Ticket:
        with acting_as(caller):
            return await use_cases.open_ticket(self.store, self.clock, content)

    async def update(
        self, ticket: Ticket, content: TicketContent, *paths: str, etag: str = ""
    ) -> Ticket:
        return await use_cases.update_ticket(
            self.store, self.clock, ticket.ticket_id, content, paths=paths, etag=etag
        )

    async def comment(self, ticket: Ticket, body: str = "Hm.", *, is_internal: bool = False) -> str:
        comment = await use_cases.add_comment(
            self.store, self.clock, ticket.ticket_id, body, is_internal=is_internal
        )
        return comment.comment_id

    async def get(self, ticket: Ticket) -> Ticket:
        return await use_cases.get_ticket(self.store, ticket.ticket_id)
