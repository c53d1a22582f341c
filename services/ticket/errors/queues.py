"""Refusals about queues."""

from services.mesh.errors import (
    AlreadyExists,
    FailedPrecondition,
    NotFound,
)
from services.ticket.errors import DOMAIN


class QueueNotFound(NotFound):
    domain = DOMAIN
    reason = "QUEUE_NOT_FOUND"

    def __init__(self, queue: str) -> None:
        super().__init__("There is no such queue.", metadata={"queue": queue})


class QueueExists(AlreadyExists):
    domain = DOMAIN
    reason = "QUEUE_EXISTS"

    def __init__(self, queue: str) -> None:
        super().__init__("A queue of this name exists.", metadata={"queue": queue})


class QueueNotEmpty(FailedPrecondition):
    """The queue has tickets, and nobody said where they go."""

    domain = DOMAIN
    reason = "QUEUE_NOT_EMPTY"

    def __init__(self, queue: str) -> None:
        super().__init__(
            "The queue has tickets; say which queue they go to.", metadata={"queue": queue}
        )


class DefaultQueueNeeded(FailedPrecondition):
    """The queue that tickets are in unless somebody says otherwise stays."""

    domain = DOMAIN
    reason = "DEFAULT_QUEUE_NEEDED"

    def __init__(self, queue: str) -> None:
        super().__init__(f"The queue '{queue}' cannot be deleted.", metadata={"queue": queue})


class TooManyQueues(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_QUEUES"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant has at most {most} queues of its own.", metadata={"most": str(most)}
        )
