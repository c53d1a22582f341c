"""Files come to tickets and go, and comments name them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.ticket.domain.attachment import Attachment
from services.ticket.domain.log import Change, TicketEvent, TicketEventKind, event_of
from services.ticket.domain.rules import touched
from services.ticket.domain.ticket import Act, Comment, Ticket
from services.ticket.domain.transitions import Verb, status_after
from services.ticket.errors.attachments import AttachmentNotUsable


def attached(ticket: Ticket, attachment: Attachment, act: Act) -> Change:
    """As an internal comment does, an internal file leaves alone what customers see."""
    status_after(ticket.status, Verb.ATTACH)
    return _told(ticket, TicketEventKind.ATTACHMENT_ADDED, attachment, act)


def taken_over(ticket: Ticket, attachment: Attachment, act: Act) -> Change:
    """A file that an imported ticket had before; the ticket stays what it is, closed or not."""
    event = replace(
        event_of(ticket, ticket, TicketEventKind.ATTACHMENT_ADDED, act, cause="imported"),
        comment_id=attachment.comment_id,
        is_internal=True,
        attachments=(attachment,),
    )
    return Change(ticket, ticket, (event,), attachments=(attachment,))


def detached(ticket: Ticket, attachment: Attachment, act: Act) -> Change:
    """Also from a closed ticket: what should never have been sent must not stay."""
    change = _told(ticket, TicketEventKind.ATTACHMENT_REMOVED, attachment, act)
    return replace(change, attachments=(), removed=(attachment,))


def named_by(comment: Comment, attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The attachments as the comment's. Raises AttachmentNotUsable for one that cannot be."""
    for attachment in attachments:
        if attachment.comment_id is not None:
            raise AttachmentNotUsable(attachment.attachment_id, "NAMED_ALREADY")
        if attachment.author_id != comment.author_id:
            raise AttachmentNotUsable(attachment.attachment_id, "SOMEBODY_ELSES")
        if attachment.is_internal != comment.is_internal:
            raise AttachmentNotUsable(attachment.attachment_id, "VISIBILITY")
    return tuple(replace(one, comment_id=comment.comment_id) for one in attachments)


def copied(attachment: Attachment, ticket: Ticket, attachment_id: str) -> Attachment:
    """The same file on another ticket, whoever sees it."""
    return replace(
        attachment, attachment_id=attachment_id, ticket_id=ticket.ticket_id, comment_id=None
    )


def fold_attachments(events: Iterable[TicketEvent]) -> dict[str, Attachment]:
    """Makes a ticket's attachments out of all of its events, in their order."""
    found: dict[str, Attachment] = {}
    for event in events:
        for attachment in event.attachments:
            if event.kind is TicketEventKind.ATTACHMENT_REMOVED:
                found.pop(attachment.attachment_id, None)
            else:
                found[attachment.attachment_id] = attachment
    return found


def _told(ticket: Ticket, kind: TicketEventKind, attachment: Attachment, act: Act) -> Change:
    after = ticket if attachment.is_internal else touched(ticket, act)
    event = replace(
        event_of(ticket, after, kind, act),
        comment_id=attachment.comment_id,
        is_internal=attachment.is_internal,
        attachments=(attachment,),
    )
    return Change(ticket, after, (event,), attachments=(attachment,))
