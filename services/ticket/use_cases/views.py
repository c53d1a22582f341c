"""Views: the lists that people look at again and again, each a filter and an order with a name."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId, UserId, current_caller, current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.errors import FieldViolation, InvalidRequest
from services.mesh.ids import new_id
from services.ticket.domain import FieldDefinition
from services.ticket.errors.tickets import FilterInvalid
from services.ticket.errors.views import ViewExists, ViewNotFound, ViewsFull, ViewSharingNotAllowed
from services.ticket.filter.parser import parse_filter, parse_order
from services.ticket.ports.tickets import TicketQuery, TicketStore
from services.ticket.use_cases.ticketing import fields_for, visible_requester

SHARE_PERMISSION = "ticket.views.share"
# As many as a screen can show; of the tenant's shared ones, and of each user's own.
MOST_VIEWS = 100
MOST_COUNTED = 1_000


@dataclass(frozen=True)
class View:
    """One without an owner is shared; one without a time is every tenant's."""

    view_id: str
    name: str
    filter: str
    order_by: str = ""
    owner_id: UserId | None = None
    create_time: datetime | None = None

    @property
    def is_shared(self) -> bool:
        return self.owner_id is None


@dataclass(frozen=True)
class CountedView:
    view: View
    tickets: int

    @property
    def has_more(self) -> bool:
        return self.tickets > MOST_COUNTED


_UNSOLVED = "(status = NEW OR status = OPEN)"
EVERY_TENANTS = (
    View(
        "mine", "Mine", "assignee_id = me AND (status = NEW OR status = OPEN OR status = PENDING)"
    ),
    View("unassigned", "Unassigned", f'assignee_id = "" AND {_UNSOLVED}', "create_time"),
    View("urgent", "Urgent", f"priority = URGENT AND {_UNSOLVED}", "create_time"),
    View("pending", "Pending", "status = PENDING", "update_time"),
    View("resolved", "Resolved", "status = RESOLVED", "update_time desc"),
    View("recent", "Recent", "", "update_time desc"),
)


class Views(Protocol):
    """The saved views of one tenant, within one transaction."""

    async def add(self, view: View) -> bool:
        """Whether its name was free."""
        ...

    async def count_of(self, owner_id: UserId | None) -> int: ...

    async def list_for(self, user_id: UserId) -> list[View]:
        """The shared ones and the user's own, each by name."""
        ...

    async def remove(self, view_id: str, *, owner_id: UserId, with_shared: bool) -> bool:
        """Whether there was one that is the user's, or shared where that counts."""
        ...


class ViewStore(Protocol):
    """Raises StorageUnavailable when nothing can be read or kept."""

    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Views]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Views]: ...


async def create_view(
    store: ViewStore, tickets: TicketStore, clock: Clock, view: View, *, is_shared: bool
) -> View:
    """Raises FilterInvalid, ViewExists, ViewsFull and ViewSharingNotAllowed."""
    if is_shared and not current_caller().may(SHARE_PERMISSION):
        raise ViewSharingNotAllowed
    name = " ".join(view.name.split())
    if not name or "\0" in name:
        violation = FieldViolation("view.name", "must hold a visible character")
        raise InvalidRequest("The request breaks a rule.", violations=[violation])
    parse_filter(view.filter, current_user(), await fields_for(tickets, view.filter))
    parse_order(view.order_by)
    owner_id = None if is_shared else current_user()
    saved = replace(view, view_id=new_id(), name=name, owner_id=owner_id, create_time=clock())
    async with store.transaction(current_tenant()) as views:
        if await views.count_of(owner_id) >= MOST_VIEWS:
            raise ViewsFull(MOST_VIEWS)
        if not await views.add(saved):
            raise ViewExists(name)
    acts_on("view", saved.view_id)
    return saved


async def list_views(store: ViewStore, tickets: TicketStore) -> Sequence[CountedView]:
    """Every tenant's, the shared ones, and the caller's own."""
    async with store.reading(current_tenant()) as views:
        saved = await views.list_for(current_user())
    fields = await fields_for(tickets, " ".join(view.filter for view in saved))
    async with tickets.reading(current_tenant()) as found:
        return [
            CountedView(view, await found.count_tickets(query))
            for view in (*EVERY_TENANTS, *saved)
            if (query := _query(view, fields)) is not None
        ]


async def delete_view(store: ViewStore, view_id: str) -> None:
    """Raises ViewNotFound."""
    may_share = current_caller().may(SHARE_PERMISSION)
    async with store.transaction(current_tenant()) as views:
        if not await views.remove(view_id, owner_id=current_user(), with_shared=may_share):
            raise ViewNotFound(view_id)


def _query(view: View, fields: Sequence[FieldDefinition]) -> TicketQuery | None:
    """None for a view that somebody shared whose filter names a field that is not the caller's
    to see."""
    try:
        where = parse_filter(view.filter, current_user(), fields)
    except FilterInvalid:
        return None
    return TicketQuery(
        limit=MOST_COUNTED + 1,
        requester_id=visible_requester(),
        where=where,
        order=parse_order(view.order_by),
    )
