"""What can be done with the fields that a tenant gives its tickets."""

from collections.abc import Sequence

from services.mesh.audit import acts_on
from services.mesh.caller import current_tenant
from services.ticket.domain import (
    MOST_FIELDS,
    FieldDefinition,
    changed_definition,
    require_definition,
)
from services.ticket.errors.fields import FieldExists, FieldNotFound, TooManyFields
from services.ticket.errors.tickets import FieldNotUpdatable
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases.content_checks import require_written
from services.ticket.use_cases.ticketing import visible_fields

# By the names that an update may give them.
_UPDATABLE = {
    "label": "label",
    "options": "options",
    "required": "is_required",
    "retired": "is_retired",
}


async def create_field(store: TicketStore, field: FieldDefinition) -> FieldDefinition:
    acts_on("ticket_field", field.key)
    require_written("field.label", field.label)
    require_definition(field)
    async with store.transaction(current_tenant()) as tickets:
        if not await tickets.add_field(field):
            raise FieldExists(field.key)
        # Two that come at once may both be the last one; the limit is for the list's sake.
        if len(await tickets.list_fields()) > MOST_FIELDS:
            raise TooManyFields(MOST_FIELDS)
    return field


async def list_fields(store: TicketStore) -> list[FieldDefinition]:
    """Those that the caller may see."""
    async with store.reading(current_tenant()) as tickets:
        return await visible_fields(tickets)


async def update_field(
    store: TicketStore, field: FieldDefinition, paths: Sequence[str]
) -> FieldDefinition:
    acts_on("ticket_field", field.key)
    names = _attributes(field, paths)
    async with store.transaction(current_tenant()) as tickets:
        before = await tickets.find_field_to_change(field.key)
        if before is None:
            raise FieldNotFound(field.key)
        if "label" in names:
            require_written("field.label", field.label)
        after = changed_definition(before, field, names)
        await tickets.replace_field(after)
    return after


def _attributes(field: FieldDefinition, paths: Sequence[str]) -> list[str]:
    """Raises FieldNotUpdatable for a path that is none of these."""
    if not paths:
        return [name for name in _UPDATABLE.values() if getattr(field, name)]
    if "*" in paths:
        return [*_UPDATABLE.values()]
    for path in paths:
        if path not in _UPDATABLE:
            raise FieldNotUpdatable(path)
    return [_UPDATABLE[path] for path in paths]
