"""Two tickets become one, or a comment becomes a ticket of its own."""

from dataclasses import replace

from services.ticket.domain.log import Change, TicketEventKind, event_of
from services.ticket.domain.rules import opened, touched
from services.ticket.domain.ticket import Act, Comment, Ticket, TicketContent, TicketStatus
from services.ticket.domain.transitions import Verb, status_after
from services.ticket.errors.links import MergeIntoItself, TicketMerged

LONGEST_SUBJECT, LONGEST_BODY = 200, 20_000


def merged(source: Ticket, target: Ticket, act: Act) -> tuple[Change, Change]:
    """Closes the source, also a closed one, and tells the target, which must not be closed.

    What happened to either stays where it is, so that nothing can be lost on the way.
    """
    if source.ticket_id == target.ticket_id:
        raise MergeIntoItself
    for ticket in (source, target):
        if ticket.merged_into_id is not None:
            raise TicketMerged(ticket.ticket_id, ticket.merged_into_id)
    status_after(target.status, Verb.ABSORB)
    after = replace(
        source,
        status=TicketStatus.CLOSED,
        merged_into_id=target.ticket_id,
        merged_into_own=source.requester_id == target.requester_id,
    )
    after = touched(after, act)
    closing = event_of(source, after, TicketEventKind.MERGED, act)
    absorbing = replace(
        event_of(target, target, TicketEventKind.ABSORBED, act),
        other_ticket_id=source.ticket_id,
        is_internal=True,
    )
    return Change(source, after, (closing,)), Change(target, target, (absorbing,))


def split(
    source: Ticket, comment: Comment, subject: str, act: Act, *, ticket_id: str, number: int
) -> tuple[Change, Change]:
    """Opens a ticket in the name of whoever wrote the comment, and tells the source.

    An internal comment was written by an agent, so no customer gets to read it this way.
    """
    content = TicketContent(
        subject=subject or _first_line(comment.body),
        body=comment.body[:LONGEST_BODY],
        tags=source.tags,
        queue=source.queue,
    )
    opening = opened(ticket_id, number, content, act, None, requester_id=comment.author_id)
    telling = replace(
        event_of(source, source, TicketEventKind.SPLIT, act),
        other_ticket_id=ticket_id,
        comment_id=comment.comment_id,
        is_internal=True,
    )
    return opening, Change(source, source, (telling,))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:LONGEST_SUBJECT]
