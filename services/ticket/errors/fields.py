"""Refusals about the fields that a tenant gives its tickets."""

from collections.abc import Sequence

from services.mesh.errors import (
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
)
from services.ticket.errors import DOMAIN


class FieldNotFound(NotFound):
    """The field to change is not there."""

    domain = DOMAIN
    reason = "FIELD_NOT_FOUND"

    def __init__(self, field: str) -> None:
        super().__init__("There is no such field.", metadata={"field": field})


class FieldUnknown(InvalidArgument):
    """A value is named for a field that there is not, or the caller may not see it."""

    domain = DOMAIN
    reason = "FIELD_UNKNOWN"

    def __init__(self, field: str) -> None:
        super().__init__(
            "There is no such field.",
            metadata={"field": field},
            violations=[FieldViolation("fields", f"there is no field '{field}'")],
        )


class FieldExists(AlreadyExists):
    domain = DOMAIN
    reason = "FIELD_EXISTS"

    def __init__(self, field: str) -> None:
        super().__init__("A field of this key exists.", metadata={"field": field})


class TooManyFields(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_FIELDS"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant has at most {most} fields, retired ones too.", metadata={"most": str(most)}
        )


class FieldOptionsInvalid(InvalidArgument):
    """The field needs options, or can have none."""

    domain = DOMAIN
    reason = "FIELD_OPTIONS_INVALID"

    def __init__(self, field: str, *, needed: bool) -> None:
        why = "needs an option" if needed else "can have no options"
        super().__init__(
            f"The field '{field}' {why}.",
            metadata={"field": field},
            violations=[FieldViolation("field.options", why)],
        )


class FieldTypeWrong(InvalidArgument):
    """The value is not of the field's type."""

    domain = DOMAIN
    reason = "FIELD_TYPE_WRONG"

    def __init__(self, field: str, field_type: str) -> None:
        super().__init__(
            f"The field '{field}' takes a value of the type {field_type}.",
            metadata={"field": field, "type": field_type},
            violations=[FieldViolation(f"fields.{field}", f"must be of the type {field_type}")],
        )


class FieldOptionUnknown(InvalidArgument):
    domain = DOMAIN
    reason = "FIELD_OPTION_UNKNOWN"

    def __init__(self, field: str, option: str) -> None:
        super().__init__(
            f"The field '{field}' has no such option.",
            metadata={"field": field, "option": option[:100]},
            violations=[FieldViolation(f"fields.{field}", "must be one of the options")],
        )


class FieldTextTooLong(InvalidArgument):
    domain = DOMAIN
    reason = "FIELD_TEXT_TOO_LONG"

    def __init__(self, field: str, most: int) -> None:
        super().__init__(
            f"The field '{field}' holds at most {most} characters.",
            metadata={"field": field, "most": str(most)},
            violations=[FieldViolation(f"fields.{field}", f"must have at most {most} characters")],
        )


class FieldRetired(FailedPrecondition):
    """It can no longer be set."""

    domain = DOMAIN
    reason = "FIELD_RETIRED"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' is retired and can no longer be set.", metadata={"field": field}
        )


class FieldsRequired(FailedPrecondition):
    """The ticket cannot be resolved before these have a value."""

    domain = DOMAIN
    reason = "FIELDS_REQUIRED"

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(
            f"The ticket cannot be resolved before it has a value of: {', '.join(fields)}.",
            metadata={"fields": ",".join(fields)},
        )
