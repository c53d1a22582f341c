"""Refusals about routing."""

from services.mesh.errors import (
    FieldViolation,
    InvalidArgument,
)
from services.ticket.errors import DOMAIN


class RoutingAgentTwice(InvalidArgument):
    domain = DOMAIN
    reason = "ROUTING_AGENT_TWICE"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            "The policy names an agent twice.",
            metadata={"user_id": user_id},
            violations=[FieldViolation("policy.agents", "each user at most once")],
        )


class RoutingAgentWithoutQueue(InvalidArgument):
    """Somebody who serves no queue would never get a ticket."""

    domain = DOMAIN
    reason = "ROUTING_AGENT_WITHOUT_QUEUE"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            "An agent of the policy serves no queue.",
            metadata={"user_id": user_id},
            violations=[FieldViolation("policy.agents", "each needs a queue")],
        )


class RoutingEscalationEmpty(InvalidArgument):
    """The escalation names nothing that would be done."""

    domain = DOMAIN
    reason = "ROUTING_ESCALATION_EMPTY"

    def __init__(self) -> None:
        super().__init__(
            "The escalation does nothing; it needs a queue, a lead or a higher priority.",
            violations=[FieldViolation("policy.escalation", "needs something to do")],
        )
