"""Refusals about triage."""

from collections.abc import Sequence

from services.mesh.errors import (
    FieldViolation,
    InvalidArgument,
)
from services.ticket.errors import DOMAIN


class TriageLabelUnknown(InvalidArgument):
    """No model knows the label."""

    domain = DOMAIN
    reason = "TRIAGE_LABEL_UNKNOWN"

    def __init__(self, field: str, label: str, known: Sequence[str]) -> None:
        expectation = f"expected one of {', '.join(known)}"
        super().__init__(
            "There is no such label.",
            metadata={"label": label},
            violations=[FieldViolation(field, expectation)],
        )


class TriageLabelTwice(InvalidArgument):
    """A label has two queues."""

    domain = DOMAIN
    reason = "TRIAGE_LABEL_TWICE"

    def __init__(self, label: str) -> None:
        super().__init__(
            "A label can have one queue only.",
            metadata={"label": label},
            violations=[FieldViolation("settings.queues", f"'{label}' is there twice")],
        )
