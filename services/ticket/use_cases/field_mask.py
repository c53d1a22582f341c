"""Which fields an update changes (AIP-134): those the mask names, or all that are set."""

from collections.abc import Collection, Sequence

from services.ticket.domain import TicketContent
from services.ticket.errors.tickets import FieldNotUpdatable

UPDATABLE_FIELDS = frozenset(
    {"subject", "body", "priority", "tags", "impact", "urgency", "ticket_type", "queue", "fields"}
)

_OWN = "fields."

# Output only, so a client may send back whole what it read (AIP-203); the etag is a condition.
IGNORED_FIELDS = frozenset(
    {
        "ticket_id",
        "number",
        "status",
        "requester_id",
        "assignee_id",
        "chat_session_id",
        "create_time",
        "update_time",
        "etag",
        "priority_rule",
        "follower_ids",
        "merged_into_id",
        "rating",
        "rating_comment",
        "first_response_due",
        "next_response_due",
        "resolution_due",
        "sla_state",
    }
)


def fields_to_update(paths: Sequence[str], content: TicketContent) -> frozenset[str]:
    """Raises FieldNotUpdatable for a path that is no field of a ticket."""
    if not paths:
        return frozenset(name for name in UPDATABLE_FIELDS if getattr(content, name))
    if "*" in paths:
        return UPDATABLE_FIELDS
    for path in paths:
        if path not in UPDATABLE_FIELDS | IGNORED_FIELDS and not path.startswith(_OWN):
            raise FieldNotUpdatable(path)
    return UPDATABLE_FIELDS.intersection(paths)


def keys_to_update(
    paths: Sequence[str], content: TicketContent, present: Collection[str]
) -> frozenset[str]:
    """Of the tenant's own fields. What is named and not given is taken away."""
    if not paths:
        return frozenset(content.fields)
    if not {"*", "fields"}.isdisjoint(paths):
        return frozenset({*content.fields, *present})
    return frozenset(path.removeprefix(_OWN) for path in paths if path.startswith(_OWN))
