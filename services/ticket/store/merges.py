"""A ticket together with all that was merged into it."""

from sqlalchemy import Select, select

from services.ticket.store.own import Own
from services.ticket.tables.tickets import TicketRow


def select_merged(own: Own, ticket_id: str, *, of_all_requesters: bool) -> Select[str]:
    """The ids of the ticket, of those merged into it, of those merged into these, and so on.

    Else of those alone that have the ticket's own requester, step by step.
    """
    found = (
        select(TicketRow.ticket_id)
        .where(own(TicketRow), TicketRow.ticket_id == ticket_id)
        .cte("merged", recursive=True)
    )
    step = (
        select(TicketRow.ticket_id)
        .join(found, TicketRow.merged_into_id == found.c.ticket_id)
        .where(own(TicketRow))
    )
    if not of_all_requesters:
        step = step.where(TicketRow.merged_into_own.is_(True))
    return select(found.union(step).c.ticket_id)
