"""Refusals about mail."""

from services.mesh.errors import (
    AlreadyExists,
    FieldViolation,
    InvalidArgument,
    NotFound,
)
from services.ticket.errors import DOMAIN


class MailAddressExists(AlreadyExists):
    """A tenant has the address already, this one or another."""

    domain = DOMAIN
    reason = "MAIL_ADDRESS_EXISTS"

    def __init__(self, address: str) -> None:
        super().__init__("The address is given to a tenant.", metadata={"address": address})


class MailAddressNotFound(NotFound):
    domain = DOMAIN
    reason = "MAIL_ADDRESS_NOT_FOUND"

    def __init__(self, address: str) -> None:
        super().__init__("The address is nobody's.", metadata={"address": address})


class MailTemplateWithoutReply(InvalidArgument):
    """What the agent has written would not be sent, or twice."""

    domain = DOMAIN
    reason = "MAIL_TEMPLATE_WITHOUT_REPLY"

    def __init__(self, field: str, variable: str) -> None:
        super().__init__(
            "The template must say once where the agent's words stand.",
            metadata={"variable": variable},
            violations=[FieldViolation(field, f"must hold {{{{{variable}}}}} once")],
        )
