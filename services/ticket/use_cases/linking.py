"""What can be done with several tickets at once: link, merge and split them."""

from services.mesh.audit import acts_on
from services.mesh.caller import current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.ids import is_id, new_id
from services.ticket.domain import (
    MOST_LINKS,
    Act,
    Link,
    LinkKind,
    Ticket,
    attached,
    copied,
    linked,
    merged,
    require_etag,
    split,
    unlinked,
)
from services.ticket.errors.links import LinkCycle, LinkNotFound, TooManyLinks
from services.ticket.errors.tickets import CommentNotFound, TicketNotFound
from services.ticket.ports.tickets import TicketStore, TicketWriting
from services.ticket.use_cases.content_checks import require_text
from services.ticket.use_cases.ticketing import find_visible


async def link_tickets(
    store: TicketStore, clock: Clock, ticket_id: str, kind: LinkKind, other_ticket_id: str
) -> Link:
    """Leaves a link that is there already as it is."""
    act = Act(current_user(), clock())
    async with store.transaction(current_tenant()) as tickets:
        ticket, other = await _find_both_to_change(tickets, ticket_id, other_ticket_id)
        # Two links that come at once could close a circle that neither of them sees.
        await tickets.hold_log()
        link = Link(ticket.ticket_id, kind, other.ticket_id, act.time)
        of_ticket = await tickets.list_links(ticket.ticket_id)
        for there in of_ticket:
            if (there.ticket_id, there.kind, there.other_ticket_id) == (
                link.ticket_id,
                link.kind,
                link.other_ticket_id,
            ):
                return there
        if max(len(of_ticket), len(await tickets.list_links(other.ticket_id))) >= MOST_LINKS:
            raise TooManyLinks(MOST_LINKS)
        await _require_no_cycle(tickets, link)
        await tickets.add_link(link)
        await tickets.keep(linked(ticket, link, act))
    return link


async def unlink_tickets(
    store: TicketStore, clock: Clock, ticket_id: str, kind: LinkKind, other_ticket_id: str
) -> None:
    act = Act(current_user(), clock())
    async with store.transaction(current_tenant()) as tickets:
        ticket, other = await _find_both_to_change(tickets, ticket_id, other_ticket_id)
        if not await tickets.delete_link(ticket.ticket_id, kind, other.ticket_id):
            raise LinkNotFound(kind.name)
        link = Link(ticket.ticket_id, kind, other.ticket_id, act.time)
        await tickets.keep(unlinked(ticket, link, act))


async def list_links(store: TicketStore, ticket_id: str) -> list[Link]:
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        return await tickets.list_links(ticket.ticket_id)


async def merge_tickets(
    store: TicketStore, clock: Clock, ticket_id: str, target_ticket_id: str, etag: str
) -> Ticket:
    """Returns the target, which shows from now on what happened to the other one."""
    act = Act(current_user(), clock())
    async with store.transaction(current_tenant()) as tickets:
        source, target = await _find_both_to_change(tickets, ticket_id, target_ticket_id)
        require_etag(source, etag)
        of_source, of_target = merged(source, target, act)
        await tickets.keep_all([of_source, of_target])
        return of_target.ticket


async def split_ticket(
    store: TicketStore, clock: Clock, ticket_id: str, comment_id: str, subject: str
) -> Ticket:
    """Returns the new ticket, which the comment became."""
    require_text("subject", subject)
    act = Act(current_user(), clock())
    async with store.transaction(current_tenant()) as tickets:
        visible = await find_visible(tickets, ticket_id)
        acts_on("ticket", visible.ticket_id)
        # The queue is held by the lock on a ticket that is in it.
        source = await _find_to_change(tickets, visible)
        known = is_id(comment_id)
        comment = await tickets.find_comment(source.ticket_id, comment_id) if known else None
        if comment is None:
            raise CommentNotFound(comment_id)
        opening, telling = split(
            source,
            comment,
            subject.strip(),
            act,
            ticket_id=new_id(),
            number=await tickets.next_number(),
        )
        new_ticket = opening.ticket
        files = await tickets.attachments_of_comment(comment.comment_id)
        link = Link(new_ticket.ticket_id, LinkKind.SPLIT_FROM, source.ticket_id, act.time)
        await tickets.keep_all([opening, linked(new_ticket, link, act), telling])
        await tickets.add_link(link)
        for file in files:
            # The bytes are there once; the file is on both, as the comment is.
            change = attached(new_ticket, copied(file, new_ticket, new_id()), act)
            await tickets.keep(change)
            new_ticket = change.ticket
        return new_ticket


async def _find_both_to_change(
    tickets: TicketWriting, ticket_id: str, other_ticket_id: str
) -> tuple[Ticket, Ticket]:
    visible = await find_visible(tickets, ticket_id)
    acts_on("ticket", visible.ticket_id)
    other = await find_visible(tickets, other_ticket_id)
    # In one order, so that two who want both do not wait for each other.
    ordered = sorted({visible.ticket_id: visible, other.ticket_id: other}.items())
    locked = {found: await _find_to_change(tickets, ticket) for found, ticket in ordered}
    return locked[visible.ticket_id], locked[other.ticket_id]


async def _find_to_change(tickets: TicketWriting, visible: Ticket) -> Ticket:
    ticket = await tickets.find_to_change(visible.ticket_id)
    if ticket is None:
        raise TicketNotFound(visible.ticket_id)
    return ticket


async def _require_no_cycle(tickets: TicketWriting, link: Link) -> None:
    seen: frozenset[str] = frozenset()
    reached = frozenset({link.other_ticket_id})
    while reached:
        if link.ticket_id in reached:
            raise LinkCycle(link.kind.name)
        seen |= reached
        reached = await tickets.leads_to(reached, link.kind) - seen
