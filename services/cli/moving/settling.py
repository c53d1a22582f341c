"""A record in the ids of the tenant that it comes to."""

from collections import Counter
from collections.abc import Callable

from helpdesk.ticket.v1 import attachment_pb2, ticket_pb2
from services.cli.moving.newcomers import Newcomers
from services.cli.moving.record import Person, TicketRecord, Unusable, named_in


def settled(
    record: TicketRecord, newcomers: Newcomers, unknown: Counter[str]
) -> tuple[TicketRecord, list[str]]:
    """The record, and what of it was not taken over.

    Raises Unusable when nobody here is who asked or who wrote: a ticket that came without them
    could not be brought in whole any more. Everybody else may be missing.
    """
    ticket, comments, events = record.ticket, record.comments, record.events
    attachments = record.attachments
    writers = {ticket.requester_id, *(comment.author_id for comment in comments)}
    if "" in writers:
        raise Unusable("nobody is said to have asked, or to have written a comment")
    ids: dict[str, str] = {}
    lost: list[str] = []
    for old_id in sorted(named_in(ticket, comments, events, attachments)):
        person = record.people.get(old_id, Person(""))
        new_id = newcomers.find_or_make(person)
        if new_id is not None:
            ids[old_id] = new_id
        else:
            unknown[person.email or old_id] += 1
            lost.append(old_id)
    missing = [_name(record, old_id) for old_id in lost if old_id in writers]
    if missing:
        raise Unusable(f"no user of this tenant: {', '.join(missing)}")
    notes = [f"{_name(record, old_id)} is no user of this tenant" for old_id in lost]
    if ticket.merged_into_id:
        notes.append("that it was merged into another ticket")
    if any(event.other_ticket_id for event in events):
        notes.append("which other tickets its log names")

    def local(old_id: str) -> str:
        return ids.get(old_id, "")

    return (
        TicketRecord(
            _ticket(ticket, local),
            [_comment(comment, local) for comment in comments],
            [_event(event, local) for event in events],
            [_attachment(attachment, local) for attachment in attachments],
        ),
        notes,
    )


def _name(record: TicketRecord, old_id: str) -> str:
    person = record.people.get(old_id)
    return person.email if person is not None and person.email else old_id


def _ticket(old: ticket_pb2.Ticket, local: Callable[[str], str]) -> ticket_pb2.Ticket:
    new = ticket_pb2.Ticket()
    new.CopyFrom(old)
    new.etag = new.merged_into_id = ""
    new.requester_id = local(old.requester_id)
    new.assignee_id = local(old.assignee_id)
    new.follower_ids[:] = sorted({local(each) for each in old.follower_ids} - {""})
    return new


def _comment(old: ticket_pb2.Comment, local: Callable[[str], str]) -> ticket_pb2.Comment:
    new = ticket_pb2.Comment()
    new.CopyFrom(old)
    new.author_id = local(old.author_id)
    return new


def _attachment(
    old: attachment_pb2.Attachment, local: Callable[[str], str]
) -> attachment_pb2.Attachment:
    new = attachment_pb2.Attachment()
    new.CopyFrom(old)
    new.author_id = local(old.author_id)
    return new


def _event(old: ticket_pb2.TicketEvent, local: Callable[[str], str]) -> ticket_pb2.TicketEvent:
    new = ticket_pb2.TicketEvent()
    new.CopyFrom(old)
    new.actor_id = local(old.actor_id)
    new.assignee_id = local(old.assignee_id)
    if old.HasField("changes"):
        new.changes.CopyFrom(_ticket(old.changes, local))
    return new
