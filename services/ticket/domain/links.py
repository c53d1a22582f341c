"""How tickets belong together."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.ticket.domain.log import Change, LinkKind, TicketEventKind, event_of
from services.ticket.domain.ticket import Act, Ticket

MOST_LINKS = 500


@dataclass(frozen=True)
class Link:
    ticket_id: str
    kind: LinkKind
    other_ticket_id: str
    create_time: datetime


def linked(ticket: Ticket, link: Link, act: Act) -> Change:
    return _told(ticket, TicketEventKind.LINKED, link, act)


def unlinked(ticket: Ticket, link: Link, act: Act) -> Change:
    return _told(ticket, TicketEventKind.UNLINKED, link, act)


def _told(ticket: Ticket, kind: TicketEventKind, link: Link, act: Act) -> Change:
    event = replace(
        event_of(ticket, ticket, kind, act),
        other_ticket_id=link.other_ticket_id,
        link_kind=link.kind,
        # The other ticket may be somebody else's.
        is_internal=True,
    )
    return Change(ticket, ticket, (event,))
