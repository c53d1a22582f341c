"""What can be done with macros. One is applied in one transaction, as a whole or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId, current_caller, current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.errors import PermissionMissing
from services.mesh.ids import new_id
from services.ticket.domain import (
    DEFAULT_QUEUE,
    LONGEST_BODY,
    Act,
    Change,
    Comment,
    FieldDefinition,
    Ticket,
    TicketContent,
    Verb,
    assigned,
    checked,
    commented,
    moved,
    require_complete,
    updated,
)
from services.ticket.domain.macros import (
    MOST_MACROS,
    MOST_TAGS,
    WHOEVER_APPLIES,
    AssigneeAction,
    CommentAction,
    FieldAction,
    Macro,
    MacroAction,
    MoveAction,
    PriorityAction,
    QueueAction,
    TagsAction,
    TypeAction,
)
from services.ticket.errors.canned_replies import CannedReplyNotFound
from services.ticket.errors.macros import MacroActionInvalid, MacroNotFound, TooManyMacros
from services.ticket.errors.queues import QueueNotFound
from services.ticket.errors.tickets import InternalCommentNotAllowed, TooManyTags
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases.canned_replies import VARIABLES, CannedReplyStore, values_of
from services.ticket.use_cases.content_checks import require_text, require_written
from services.ticket.use_cases.ticketing import (
    changing,
    find_visible,
    is_customer,
    require_queues,
    visible_values,
)
from services.ticket.use_cases.variables import filled_in, require_variables


class Macros(Protocol):
    """Those of one tenant, in one transaction."""

    async def put(self, macro: Macro) -> Macro:
        """Keeps it instead of the one of its name, whose time of making it keeps."""
        ...

    async def list_all(self) -> list[Macro]:
        """Returns them by name."""
        ...

    async def find(self, name: str) -> Macro | None: ...

    async def remove(self, name: str) -> bool:
        """Returns whether there was one."""
        ...


class MacroStore(Protocol):
    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Macros]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Macros]: ...


@dataclass(frozen=True)
class MacroDesk:
    """Where macros, and what they name, are kept."""

    macros: MacroStore
    replies: CannedReplyStore
    tickets: TicketStore
    clock: Clock


@dataclass(frozen=True)
class MacroPreview:
    """What a ticket would be, and what its log would say."""

    ticket: Ticket
    changes: Sequence[Change]


async def put_macro(desk: MacroDesk, name: str, actions: Sequence[MacroAction]) -> Macro:
    """Raises why an action cannot be, as it would be raised where the macro is applied."""
    acts_on("macro", name)
    now = desk.clock()
    macro = Macro(name, tuple(actions), now, now)
    await _texts_of(desk, macro)
    async with desk.tickets.transaction(current_tenant()) as tickets:
        await require_queues(tickets, macro.queues)
        definitions = await tickets.list_fields() if macro.asks_for_fields else []
    for action in macro.actions:
        if isinstance(action, FieldAction):
            checked(definitions, {action.key: action.value})
        elif isinstance(action, CommentAction):
            _require_comment(action)
    async with desk.macros.transaction(current_tenant()) as macros:
        kept = await macros.put(macro)
        if len(await macros.list_all()) > MOST_MACROS:
            raise TooManyMacros(MOST_MACROS)
    return kept


async def list_macros(desk: MacroDesk) -> list[Macro]:
    async with desk.macros.reading(current_tenant()) as macros:
        return await macros.list_all()


async def get_macro(desk: MacroDesk, name: str) -> Macro:
    async with desk.macros.reading(current_tenant()) as macros:
        found = await macros.find(name)
    if found is None:
        raise MacroNotFound(name)
    return found


async def delete_macro(desk: MacroDesk, name: str) -> None:
    async with desk.macros.transaction(current_tenant()) as macros:
        if not await macros.remove(name):
            raise MacroNotFound(name)
        acts_on("macro", name)


async def apply_macro(
    desk: MacroDesk, ticket_id: str, name: str, *, etag: str = "", requester_name: str = ""
) -> Ticket:
    """Raises what its actions raise, and PermissionMissing where the caller may not take one."""
    macro = await get_macro(desk, name)
    require_permissions(macro)
    require_text("requester_name", requester_name)
    texts = await _texts_of(desk, macro)
    act = Act(current_user(), desk.clock())
    async with changing(desk.tickets, ticket_id, etag, macro.queues) as (tickets, before):
        after = before
        definitions = await tickets.list_fields() if macro.asks_for_fields else []
        scene = _Scene(act, definitions, texts, requester_name)
        for change in _changes(before, macro, scene):
            await tickets.keep(change)
            after = change.ticket
    return after


async def preview_macro(
    desk: MacroDesk, ticket_id: str, name: str, *, requester_name: str = ""
) -> MacroPreview:
    """Raises what applying it would raise; nothing is kept."""
    macro = await get_macro(desk, name)
    require_permissions(macro)
    require_text("requester_name", requester_name)
    texts = await _texts_of(desk, macro)
    async with desk.tickets.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        known = {DEFAULT_QUEUE, *(queue.name for queue in await tickets.list_queues())}
        if missing := macro.queues - known:
            raise QueueNotFound(min(missing))
        definitions = await tickets.list_fields() if macro.asks_for_fields else []
    scene = _Scene(Act(current_user(), desk.clock()), definitions, texts, requester_name)
    changes = [*_changes(ticket, macro, scene)]
    return MacroPreview(changes[-1].ticket if changes else ticket, changes)


def require_permissions(macro: Macro) -> None:
    """What the caller may not do to a ticket they may not do by a macro either."""
    caller = current_caller()
    for needed in sorted({_permission_of(action) for action in macro.actions}):
        if not caller.may(needed):
            raise PermissionMissing(
                "You lack the permission that this needs.", metadata={"permission": needed}
            )
    is_internal = any(
        isinstance(action, CommentAction) and action.is_internal for action in macro.actions
    )
    if is_internal and is_customer():
        raise InternalCommentNotAllowed


@dataclass(frozen=True)
class _Scene:
    act: Act
    definitions: Sequence[FieldDefinition]
    texts: Mapping[str, str]
    """Of the canned replies by name."""
    requester_name: str


def _permission_of(action: MacroAction) -> str:
    match action:
        case MoveAction(verb):
            return f"ticket.tickets.{verb}"
        case AssigneeAction():
            return f"ticket.tickets.{Verb.ASSIGN}"
        case CommentAction():
            return "ticket.comments.create"
    return f"ticket.tickets.{Verb.UPDATE}"


def _changes(ticket: Ticket, macro: Macro, scene: _Scene) -> Iterator[Change]:
    """Those that change something, each made from what the one before left."""
    for action in macro.actions:
        change = _taken(ticket, action, scene)
        ticket = change.ticket
        if change.events:
            yield _caused(change, macro)


def _caused(change: Change, macro: Macro) -> Change:
    causes = [f"macro {macro.name}"]
    return replace(
        change,
        events=tuple(
            replace(event, cause="; ".join([*causes, event.cause] if event.cause else causes))
            for event in change.events
        ),
    )


def _taken(ticket: Ticket, action: MacroAction, scene: _Scene) -> Change:
    match action:
        case MoveAction(verb):
            return _moved(ticket, verb, scene)
        case AssigneeAction(assignee_id):
            by_caller = assignee_id == WHOEVER_APPLIES
            return assigned(ticket, scene.act.actor_id if by_caller else assignee_id, scene.act)
        case CommentAction():
            return _commented(ticket, action, scene)
        case FieldAction(key, value):
            values = checked(scene.definitions, {key: value}, visible_values(ticket))
            content = TicketContent(fields=values)
            return updated(ticket, content, frozenset(), scene.act, scene.definitions)
        case PriorityAction() | QueueAction() | TypeAction() | TagsAction():
            return _updated(ticket, action, scene.act)
    assert_never(action)


def _moved(ticket: Ticket, verb: Verb, scene: _Scene) -> Change:
    change = moved(ticket, verb, scene.act)
    if verb is Verb.RESOLVE:
        require_complete(scene.definitions, {*ticket.fields, *ticket.internal_fields})
    return change


def _updated(
    ticket: Ticket, action: PriorityAction | QueueAction | TypeAction | TagsAction, act: Act
) -> Change:
    match action:
        case PriorityAction(priority):
            content, name = TicketContent(priority=priority), "priority"
        case QueueAction(queue):
            content, name = TicketContent(queue=queue), "queue"
        case TypeAction(ticket_type):
            content, name = TicketContent(ticket_type=ticket_type), "ticket_type"
        case TagsAction(added, removed):
            tags = tuple(sorted({*ticket.tags, *added} - {*removed}))
            if len(tags) > MOST_TAGS:
                raise TooManyTags(MOST_TAGS)
            content, name = TicketContent(tags=tags), "tags"
    return updated(ticket, content, frozenset({name}), act)


def _commented(ticket: Ticket, action: CommentAction, scene: _Scene) -> Change:
    body = scene.texts[action.canned_reply] if action.canned_reply else action.text
    body = filled_in(body, values_of(ticket, scene.requester_name))
    if len(body) > LONGEST_BODY:
        raise MacroActionInvalid(f"the comment would have more than {LONGEST_BODY} characters")
    comment = Comment(
        comment_id=new_id(),
        ticket_id=ticket.ticket_id,
        author_id=scene.act.actor_id,
        body=body,
        is_internal=action.is_internal,
        create_time=scene.act.time,
    )
    return commented(ticket, comment, by_customer=is_customer())


async def _texts_of(desk: MacroDesk, macro: Macro) -> dict[str, str]:
    if not macro.canned_replies:
        return {}
    async with desk.replies.reading(current_tenant()) as replies:
        kept = {reply.name: reply.body for reply in await replies.list_all()}
    for name in sorted(macro.canned_replies):
        if name not in kept:
            raise CannedReplyNotFound(name)
    return {name: kept[name] for name in macro.canned_replies}


def _require_comment(action: CommentAction) -> None:
    if bool(action.text) == bool(action.canned_reply):
        raise MacroActionInvalid("a comment has either a text or a canned reply")
    if action.text:
        field = "macro.actions.comment.text"
        require_written(field, action.text)
        require_variables(field, action.text, VARIABLES)
