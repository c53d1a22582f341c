"""Messages ↔ domain, both directions side by side."""

from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import status_pb2

from helpdesk.ticket.v1 import (
    attachment_pb2,
    field_pb2,
    link_service_pb2,
    queue_service_pb2,
    suggestion_service_pb2,
    ticket_pb2,
    ticket_service_pb2,
)
from services.ticket.domain import (
    DEFAULT_QUEUE,
    Attachment,
    Comment,
    FieldType,
    FieldValue,
    Impact,
    Link,
    Queue,
    Ticket,
    TicketContent,
    TicketEvent,
    TicketPriority,
    TicketStatus,
    TicketType,
    Urgency,
)
from services.ticket.domain.log import FIELDS, INTERNAL_FIELDS
from services.ticket.domain.presence import Presence
from services.ticket.ports.tickets import SuggestedArticle
from services.ticket.use_cases.similar import SimilarTicket
from services.ticket.use_cases.ticketing import is_customer, visible_values
from services.ticket.use_cases.watching import Done, Heartbeat, PresenceTold, WatchStep


def content_of(message: ticket_pb2.Ticket) -> TicketContent:
    """What a person may write; all that is output only is left out."""
    return TicketContent(
        subject=message.subject,
        body=message.body,
        priority=TicketPriority(message.priority) if message.priority else None,
        tags=tuple(message.tags),
        impact=Impact(message.impact) if message.impact else None,
        urgency=Urgency(message.urgency) if message.urgency else None,
        ticket_type=TicketType(message.ticket_type) if message.ticket_type else None,
        queue=message.queue,
        fields={key: field_value_of(value) for key, value in message.fields.items()},
    )


def field_value_of(message: field_pb2.TicketFieldValue) -> FieldValue | None:
    """None for one that is empty, which takes a value away."""
    match message.WhichOneof("kind"):
        case None:
            return None
        case "choices":
            options = tuple(sorted(set(message.choices.options)))
            return FieldValue(FieldType.MULTI_CHOICE, options) if options else None
        case kind:
            value = getattr(message, kind)
            return FieldValue(FieldType[kind.upper()], value) if value != "" else None


def field_value_message(value: FieldValue) -> field_pb2.TicketFieldValue:
    if isinstance(value.value, tuple):
        choices = field_pb2.TicketFieldChoices(options=value.value)
        return field_pb2.TicketFieldValue(choices=choices)
    kind: dict[str, Any] = {value.field_type.name.lower(): value.value}
    return field_pb2.TicketFieldValue(**kind)


def ticket_message(ticket: Ticket) -> ticket_pb2.Ticket:
    return ticket_pb2.Ticket(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        subject=ticket.subject,
        body=ticket.body,
        status=ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{ticket.status}"),
        priority=ticket_pb2.TicketPriority.Value(f"TICKET_PRIORITY_{ticket.priority.name}"),
        requester_id=ticket.requester_id,
        assignee_id=ticket.assignee_id or "",
        tags=ticket.tags,
        chat_session_id=ticket.chat_session_id or "",
        create_time=_timestamp(ticket.create_time),
        update_time=_timestamp(ticket.update_time),
        etag=ticket.etag,
        impact=ticket_pb2.TicketImpact.ValueType(ticket.impact or 0),
        urgency=ticket_pb2.TicketUrgency.ValueType(ticket.urgency or 0),
        priority_rule=ticket.priority_rule,
        ticket_type=ticket_pb2.TicketType.ValueType(ticket.ticket_type or 0),
        queue=ticket.queue,
        follower_ids=() if is_customer() else ticket.follower_ids,
        rating=ticket.rating or 0,
        rating_comment=ticket.rating_comment,
        merged_into_id=(ticket.merged_into_id or "") if _may_follow(ticket.merged_into_own) else "",
        fields={key: field_value_message(one) for key, one in visible_values(ticket).items()},
    )


def link_message(link: Link) -> link_service_pb2.TicketLink:
    return link_service_pb2.TicketLink(
        ticket_id=link.ticket_id,
        kind=ticket_pb2.TicketLinkKind.ValueType(link.kind),
        other_ticket_id=link.other_ticket_id,
        create_time=_timestamp(link.create_time),
    )


def queue_message(queue: Queue | None) -> queue_service_pb2.Queue:
    """None stands for the default queue."""
    if queue is None:
        return queue_service_pb2.Queue(name=DEFAULT_QUEUE)
    return queue_service_pb2.Queue(name=queue.name, create_time=_timestamp(queue.create_time))


def comment_message(comment: Comment) -> ticket_pb2.Comment:
    return ticket_pb2.Comment(
        comment_id=comment.comment_id,
        ticket_id=comment.ticket_id,
        author_id=comment.author_id,
        body=comment.body,
        internal=comment.is_internal,
        create_time=_timestamp(comment.create_time),
    )


def attachment_message(attachment: Attachment) -> attachment_pb2.Attachment:
    return attachment_pb2.Attachment(
        attachment_id=attachment.attachment_id,
        ticket_id=attachment.ticket_id,
        comment_id=attachment.comment_id or "",
        file_name=attachment.file_name,
        media_type=attachment.media_type,
        size_bytes=attachment.size_bytes,
        sha256=attachment.sha256,
        internal=attachment.is_internal,
        author_id=attachment.author_id,
        create_time=_timestamp(attachment.create_time),
    )


def event_message(event: TicketEvent) -> ticket_pb2.TicketEvent:
    return ticket_pb2.TicketEvent(
        seq=event.seq,
        ticket_id=event.ticket_id,
        kind=ticket_pb2.TicketEventKind.Value(f"TICKET_EVENT_KIND_{event.kind}"),
        actor_id=event.actor_id,
        create_time=_timestamp(event.create_time),
        status=ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{event.status}"),
        assignee_id=event.assignee_id or "",
        comment_id=event.comment_id or "",
        changed_fields=sorted(map(told_name, event.changed_fields)),
        changes=changes_message(event),
        cause=event.cause,
        other_ticket_id=event.other_ticket_id or "",
        link_kind=ticket_pb2.TicketLinkKind.ValueType(event.link_kind or 0),
        attachments=map(attachment_message, event.attachments),
    )


def changes_message(event: TicketEvent) -> ticket_pb2.Ticket | None:
    """Only what changed is set; an empty value of a changed field is one that was taken away."""
    if event.changes is None:
        return None
    message = ticket_pb2.Ticket()
    for name in event.changed_fields:
        match event.changes[name]:
            case None:
                pass
            case _ if name == "merged_into_id" and not _may_follow(
                event.changes.get("merged_into_own")
            ):
                pass
            case TicketStatus() as status:
                message.status = ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{status}")
            case FieldValue() as value:
                message.fields[name.partition(".")[2]].CopyFrom(field_value_message(value))
            case tuple() as values:
                getattr(message, name).extend(values)
            case value:
                setattr(message, name, value)
    return message


def told_name(name: str) -> str:
    """Outside there is one kind of own fields; of which a customer is told, others see to."""
    own = name.removeprefix(f"{INTERNAL_FIELDS}.")
    return name if own == name else f"{FIELDS}.{own}"


def presence_message(presence: Presence) -> ticket_pb2.TicketPresence:
    message = ticket_pb2.TicketPresence(
        ticket_id=presence.ticket_id,
        user_id=presence.user_id,
        activity=ticket_pb2.TicketActivity.ValueType(presence.activity),
    )
    message.expire_time.FromDatetime(presence.expire_time)
    return message


def watch_message(step: WatchStep) -> ticket_service_pb2.WatchTicketsResponse:
    match step:
        case TicketEvent():
            return ticket_service_pb2.WatchTicketsResponse(
                seq=step.seq, ticket_event=event_message(step)
            )
        case PresenceTold():
            return ticket_service_pb2.WatchTicketsResponse(
                seq=step.seq, presence=presence_message(step.presence)
            )
        case Heartbeat():
            return ticket_service_pb2.WatchTicketsResponse(
                seq=step.seq, heartbeat=ticket_service_pb2.WatchHeartbeat()
            )
        case Done():
            return ticket_service_pb2.WatchTicketsResponse(
                seq=step.seq, done=ticket_service_pb2.WatchDone()
            )


def failed_watch_message(
    seq: int, error: status_pb2.Status
) -> ticket_service_pb2.WatchTicketsResponse:
    return ticket_service_pb2.WatchTicketsResponse(seq=seq, error=error)


def suggested_message(article: SuggestedArticle) -> suggestion_service_pb2.SuggestedArticle:
    return suggestion_service_pb2.SuggestedArticle(
        document_id=article.document_id,
        version=article.version,
        title=article.title,
        source_uri=article.source_uri,
        headings=article.headings,
        text=article.text,
        start=article.start,
        end=article.end,
        score=article.score,
    )


def similar_message(similar: SimilarTicket) -> suggestion_service_pb2.SimilarTicket:
    ticket = similar.ticket
    return suggestion_service_pb2.SimilarTicket(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        subject=ticket.subject,
        status=ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{ticket.status}"),
        update_time=_timestamp(ticket.update_time),
        score=similar.score,
        words=similar.words,
        reply=comment_message(similar.reply) if similar.reply is not None else None,
    )


def _may_follow(merged_into_own: object) -> bool:
    """Whether the caller may be told into which ticket another was merged."""
    return bool(merged_into_own) or not is_customer()


def _timestamp(time: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
