"""Says and asks who is at a ticket. Agents are told of everybody, customers of nobody."""

from dataclasses import replace
from datetime import timedelta

from services.mesh.caller import current_caller, current_tenant, current_user
from services.mesh.clock import Clock
from services.ticket.domain.presence import Activity, Presence
from services.ticket.ports.tickets import TicketReading, TicketStore
from services.ticket.use_cases.ticketing import find_visible, is_customer

LIST_PERMISSION = "ticket.presences.list"
# Whoever is still there says so again before it is over.
USUAL_SECONDS = 30


async def set_presence(
    store: TicketStore, clock: Clock, ticket_id: str, activity: Activity, seconds: int
) -> list[Presence]:
    """Returns who else is there. No seconds are the usual ones."""
    now = clock()
    async with store.transaction(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        expire_time = now + timedelta(seconds=seconds or USUAL_SECONDS)
        presence = Presence(ticket.ticket_id, current_user(), activity, expire_time)
        await tickets.keep_presence(presence, now)
        if not may_be_told():
            return []
        present = await tickets.list_presences(now, ticket.ticket_id)
        return [each for each in present if each.user_id != current_user()]


async def list_presences(store: TicketStore, clock: Clock, ticket_id: str) -> list[Presence]:
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        return await tickets.list_presences(clock(), ticket.ticket_id) if may_be_told() else []


def may_be_told() -> bool:
    return not is_customer() and current_caller().may(LIST_PERMISSION)


class Crowd:
    """Who was last told to be at the tickets that somebody watches."""

    def __init__(self, clock: Clock, ticket_id: str | None) -> None:
        self._clock = clock
        self._ticket_id = ticket_id
        self._told: dict[tuple[str, str], Presence] = {}

    async def changes(self, tickets: TicketReading) -> list[Presence]:
        """Those who have gone, have come, or do something else now."""
        found = await tickets.list_presences(self._clock(), self._ticket_id)
        told, self._told = self._told, {(one.ticket_id, one.user_id): one for one in found}
        gone = [each for key, each in told.items() if key not in self._told]
        return [replace(each, activity=Activity.GONE) for each in gone] + [
            each
            for key, each in self._told.items()
            if key not in told or told[key].activity is not each.activity
        ]
