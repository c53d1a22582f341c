"""Tickets and the rules of their life; nothing here knows a wire or a database."""

from services.ticket.domain.attaching import (
    attached,
    copied,
    detached,
    fold_attachments,
    named_by,
)
from services.ticket.domain.attachment import Attachment, AttachmentLimits, AttachmentUsage
from services.ticket.domain.fields import (
    MOST_FIELDS,
    FieldChanges,
    FieldDefinition,
    FieldType,
    FieldValue,
    changed_definition,
    checked,
    require_complete,
    require_definition,
)
from services.ticket.domain.followers import MOST_FOLLOWERS, followed, unfollowed
from services.ticket.domain.links import MOST_LINKS, Link, linked, unlinked
from services.ticket.domain.log import (
    Change,
    Changes,
    LinkKind,
    LogIncompleteError,
    TicketEvent,
    TicketEventKind,
    fold,
)
from services.ticket.domain.macros import MOST_MACROS, Macro, MacroAction
from services.ticket.domain.merging import LONGEST_BODY, merged, split
from services.ticket.domain.queues import MOST_QUEUES, Queue, requeued
from services.ticket.domain.rating import rated
from services.ticket.domain.rules import assigned, commented, moved, opened, updated
from services.ticket.domain.ticket import (
    DEFAULT_QUEUE,
    Act,
    Comment,
    Impact,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
    TicketType,
    Urgency,
    require_etag,
)
from services.ticket.domain.transitions import TRANSITIONS, Verb

__all__ = [
    "DEFAULT_QUEUE",
    "LONGEST_BODY",
    "MOST_FIELDS",
    "MOST_FOLLOWERS",
    "MOST_LINKS",
    "MOST_MACROS",
    "MOST_QUEUES",
    "TRANSITIONS",
    "Act",
    "Attachment",
    "AttachmentLimits",
    "AttachmentUsage",
    "Change",
    "Changes",
    "Comment",
    "FieldChanges",
    "FieldDefinition",
    "FieldType",
    "FieldValue",
    "Impact",
    "Link",
    "LinkKind",
    "LogIncompleteError",
    "Macro",
    "MacroAction",
    "Queue",
    "Ticket",
    "TicketContent",
    "TicketEvent",
    "TicketEventKind",
    "TicketPriority",
    "TicketStatus",
    "TicketType",
    "Urgency",
    "Verb",
    "assigned",
    "attached",
    "changed_definition",
    "checked",
    "commented",
    "copied",
    "detached",
    "fold",
    "fold_attachments",
    "followed",
    "linked",
    "merged",
    "moved",
    "named_by",
    "opened",
    "rated",
    "requeued",
    "require_complete",
    "require_definition",
    "require_etag",
    "split",
    "unfollowed",
    "unlinked",
    "updated",
]
