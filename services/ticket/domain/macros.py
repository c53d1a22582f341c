"""Macros: what is done to tickets again and again, as a list of actions with a name."""

from dataclasses import dataclass
from datetime import datetime

from services.mesh.caller import UserId
from services.ticket.domain.fields import FieldValue
from services.ticket.domain.ticket import TicketPriority, TicketType
from services.ticket.domain.transitions import Verb

MOST_MACROS = 100
MOST_TAGS = 20

# Stands for whoever applies the macro.
WHOEVER_APPLIES = UserId("me")


@dataclass(frozen=True)
class MoveAction:
    verb: Verb


@dataclass(frozen=True)
class PriorityAction:
    """None hands the priority back to the rules."""

    priority: TicketPriority | None


@dataclass(frozen=True)
class QueueAction:
    queue: str


@dataclass(frozen=True)
class AssigneeAction:
    """None takes the ticket away from whoever has it."""

    assignee_id: UserId | None


@dataclass(frozen=True)
class TypeAction:
    ticket_type: TicketType | None


@dataclass(frozen=True)
class TagsAction:
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class FieldAction:
    """None takes the value away."""

    key: str
    value: FieldValue | None


@dataclass(frozen=True)
class CommentAction:
    """A text with variables, or the name of a canned reply."""

    text: str = ""
    canned_reply: str = ""
    is_internal: bool = False


MacroAction = (
    MoveAction
    | PriorityAction
    | QueueAction
    | AssigneeAction
    | TypeAction
    | TagsAction
    | FieldAction
    | CommentAction
)


@dataclass(frozen=True)
class Macro:
    """The actions are taken in their order."""

    name: str
    actions: tuple[MacroAction, ...]
    create_time: datetime
    update_time: datetime

    @property
    def queues(self) -> frozenset[str]:
        return frozenset(action.queue for action in self.actions if isinstance(action, QueueAction))

    @property
    def canned_replies(self) -> frozenset[str]:
        return frozenset(
            action.canned_reply
            for action in self.actions
            if isinstance(action, CommentAction) and action.canned_reply
        )

    @property
    def asks_for_fields(self) -> bool:
        """Whether the tenant's own fields have to be known for it."""
        return any(
            isinstance(action, FieldAction)
            or (isinstance(action, MoveAction) and action.verb is Verb.RESOLVE)
            for action in self.actions
        )
