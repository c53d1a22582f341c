"""Refusals about webhooks."""

from collections.abc import Sequence

from services.mesh.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
)
from services.ticket.errors import DOMAIN


class WebhookNotFound(NotFound):
    domain = DOMAIN
    reason = "WEBHOOK_NOT_FOUND"

    def __init__(self, webhook_id: str) -> None:
        super().__init__("There is no such webhook.", metadata={"webhook_id": webhook_id})


class WebhookUrlRefused(InvalidArgument):
    """Nothing may be posted to the address."""

    domain = DOMAIN
    reason = "WEBHOOK_URL_REFUSED"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"Nothing can be posted there: {problem}.",
            violations=[FieldViolation("webhook.url", problem)],
        )


class WebhookEventTypeUnknown(InvalidArgument):
    """No message has this type."""

    domain = DOMAIN
    reason = "WEBHOOK_EVENT_TYPE_UNKNOWN"

    def __init__(self, event_type: str, known: Sequence[str]) -> None:
        super().__init__(
            f"No message has this type; there are {', '.join(known)}.",
            metadata={"event_type": event_type},
            violations=[FieldViolation("webhook.event_types", "has an unknown type")],
        )


class TooManyWebhooks(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_WEBHOOKS"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant may have {most} webhooks; delete one first.", metadata={"most": str(most)}
        )


class WebhookDisabled(FailedPrecondition):
    """The webhook is told nothing at present."""

    domain = DOMAIN
    reason = "WEBHOOK_DISABLED"

    def __init__(self, webhook_id: str) -> None:
        super().__init__(
            "The webhook is stopped; enable it first.", metadata={"webhook_id": webhook_id}
        )


class WebhookDeliveryNotFound(NotFound):
    domain = DOMAIN
    reason = "WEBHOOK_DELIVERY_NOT_FOUND"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(
            "The webhook has no such delivery, or none any more.",
            metadata={"delivery_id": delivery_id},
        )
