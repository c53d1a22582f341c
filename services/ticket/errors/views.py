"""Refusals about views."""

from services.mesh.errors import (
    AlreadyExists,
    FailedPrecondition,
    NotFound,
    PermissionDenied,
)
from services.ticket.errors import DOMAIN


class ViewNotFound(NotFound):
    """The caller sees no such view, or may not delete it."""

    domain = DOMAIN
    reason = "VIEW_NOT_FOUND"

    def __init__(self, view_id: str) -> None:
        super().__init__("There is no such view.", metadata={"view_id": view_id})


class ViewExists(AlreadyExists):
    """There is a view of this name already."""

    domain = DOMAIN
    reason = "VIEW_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a view named '{name}' already.", metadata={"name": name})


class ViewsFull(FailedPrecondition):
    """There are as many views as may be saved."""

    domain = DOMAIN
    reason = "VIEWS_FULL"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"There are {limit} views, and no more can be saved; delete one first.",
            metadata={"limit": str(limit)},
        )


class ViewSharingNotAllowed(PermissionDenied):
    """Only who may share views can save one for everybody."""

    domain = DOMAIN
    reason = "VIEW_SHARING_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("You may not share a view; save it for yourself.")
