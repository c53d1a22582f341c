"""Refusals about links, merges and splits."""

from services.mesh.errors import (
    FailedPrecondition,
    NotFound,
)
from services.ticket.errors import DOMAIN


class LinkCycle(FailedPrecondition):
    """The link would close a circle of links of its kind."""

    domain = DOMAIN
    reason = "LINK_CYCLE"

    def __init__(self, kind: str) -> None:
        super().__init__("The link would lead back to where it begins.", metadata={"kind": kind})


class LinkNotFound(NotFound):
    domain = DOMAIN
    reason = "LINK_NOT_FOUND"

    def __init__(self, kind: str) -> None:
        super().__init__("There is no such link.", metadata={"kind": kind})


class TooManyLinks(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_LINKS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} links.", metadata={"most": str(most)})


class MergeIntoItself(FailedPrecondition):
    domain = DOMAIN
    reason = "MERGE_INTO_ITSELF"

    def __init__(self) -> None:
        super().__init__("A ticket cannot be merged into itself.")


class TicketMerged(FailedPrecondition):
    """The ticket has been merged into another already."""

    domain = DOMAIN
    reason = "TICKET_MERGED"

    def __init__(self, ticket_id: str, merged_into_id: str) -> None:
        super().__init__(
            "The ticket has been merged into another already.",
            metadata={"ticket_id": ticket_id, "merged_into_id": merged_into_id},
        )
