"""The lists: tickets, and the comments, files and log of one ticket, page by page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.mesh.caller import current_tenant, current_user
from services.mesh.paging import decode_page_token, encode_page_token
from services.mesh.paging import page_size as size_of
from services.ticket.domain import Attachment, Comment, Ticket, TicketEvent
from services.ticket.filter.parser import parse_filter, parse_order
from services.ticket.ports.tickets import (
    AttachmentCursor,
    CommentCursor,
    EventQuery,
    TicketCursor,
    TicketQuery,
    TicketStore,
)
from services.ticket.use_cases.cursors import (
    attachment_cursor,
    attachment_position,
    comment_cursor,
    comment_position,
    event_seq,
    ticket_cursor,
    ticket_position,
)
from services.ticket.use_cases.ticketing import (
    fields_for,
    find_visible,
    is_customer,
    visible_requester,
)

Item = TypeVar("Item")


@dataclass(frozen=True)
class PageRequest:
    size: int = 0
    token: str = ""


@dataclass(frozen=True)
class Page(Generic[Item]):
    items: Sequence[Item]
    next_token: str  # empty on the last page


async def list_tickets(
    store: TicketStore, page: PageRequest, *, filter_text: str = "", order_text: str = ""
) -> Page[Ticket]:
    order = parse_order(order_text)
    fields = await fields_for(store, filter_text)
    where = parse_filter(filter_text, current_user(), fields)
    arguments = {
        "list": "tickets",
        "filter": filter_text,
        "order_by": order_text,
        # Whom the filter means by `me`.
        "user_id": current_user(),
        "requester_id": visible_requester() or "",
    }
    position = decode_page_token(current_tenant(), arguments, page.token)
    async with store.reading(current_tenant()) as tickets:
        found = await tickets.list_tickets(
            TicketQuery(
                limit=size_of(page.size) + 1,
                requester_id=visible_requester(),
                where=where,
                order=order,
                after=ticket_cursor(position, order) if position is not None else None,
            )
        )
    return _page(
        found,
        page,
        arguments,
        lambda last: ticket_position(
            TicketCursor(getattr(last, order.field.value), last.ticket_id)
        ),
    )


async def list_comments(store: TicketStore, page: PageRequest, ticket_id: str) -> Page[Comment]:
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        arguments = {"list": "comments", "ticket_id": ticket.ticket_id}
        position = decode_page_token(current_tenant(), arguments, page.token)
        found = await tickets.list_comments(
            ticket.ticket_id,
            limit=size_of(page.size) + 1,
            after=comment_cursor(position) if position is not None else None,
            with_internal=not is_customer(),
        )
    return _page(
        found,
        page,
        arguments,
        lambda last: comment_position(CommentCursor(last.create_time, last.comment_id)),
    )


async def list_attachments(
    store: TicketStore, page: PageRequest, ticket_id: str
) -> Page[Attachment]:
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        arguments = {"list": "attachments", "ticket_id": ticket.ticket_id}
        position = decode_page_token(current_tenant(), arguments, page.token)
        found = await tickets.list_attachments(
            ticket.ticket_id,
            limit=size_of(page.size) + 1,
            after=attachment_cursor(position) if position is not None else None,
            with_internal=not is_customer(),
        )
    return _page(
        found,
        page,
        arguments,
        lambda last: attachment_position(AttachmentCursor(last.create_time, last.attachment_id)),
    )


async def list_events(store: TicketStore, page: PageRequest, ticket_id: str) -> Page[TicketEvent]:
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        arguments = {"list": "events", "ticket_id": ticket.ticket_id}
        position = decode_page_token(current_tenant(), arguments, page.token)
        found = await tickets.list_events(
            EventQuery(
                limit=size_of(page.size) + 1,
                after_seq=event_seq(position) if position is not None else 0,
                ticket_id=ticket.ticket_id,
                with_internal=not is_customer(),
                with_merged=True,
            )
        )
    return _page(found, page, arguments, lambda last: str(last.seq))


def _page(
    found: Sequence[Item],
    page: PageRequest,
    arguments: Mapping[str, str],
    position_of: Callable[[Item], str],
) -> Page[Item]:
    """Cuts off the one item too many, which was asked for to know whether there are more."""
    items = found[: size_of(page.size)]
    if len(found) == len(items):
        return Page(items, "")
    token = encode_page_token(current_tenant(), arguments, position_of(items[-1]))
    return Page(items, token)
