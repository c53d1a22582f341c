"""Refusals about files."""

from services.mesh.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from services.ticket.errors import DOMAIN


class AttachmentNotFound(NotFound):
    """The ticket has no such file, or the caller may not see it; nobody can tell which."""

    domain = DOMAIN
    reason = "ATTACHMENT_NOT_FOUND"

    def __init__(self, attachment_id: str) -> None:
        super().__init__("There is no such file.", metadata={"attachment_id": attachment_id})


class AttachmentNameInvalid(InvalidArgument):
    """No file can be called so everywhere, or it would be something else where it is saved."""

    domain = DOMAIN
    reason = "ATTACHMENT_NAME_INVALID"

    def __init__(self, why: str) -> None:
        description = f"cannot be the name of a file: {why.lower().replace('_', ' ')}"
        super().__init__(
            "The file cannot be called so.",
            metadata={"why": why},
            violations=[FieldViolation("file_name", description)],
        )


class AttachmentEmpty(InvalidArgument):
    domain = DOMAIN
    reason = "ATTACHMENT_EMPTY"

    def __init__(self) -> None:
        super().__init__(
            "The file has no bytes.", violations=[FieldViolation("content", "must not be empty")]
        )


class AttachmentTooLarge(InvalidArgument):
    domain = DOMAIN
    reason = "ATTACHMENT_TOO_LARGE"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"A file has at most {most_bytes} bytes.",
            metadata={"most_bytes": str(most_bytes)},
            violations=[FieldViolation("content", f"must not exceed {most_bytes} bytes")],
        )


class AttachmentTypeNotAllowed(InvalidArgument):
    """Empty where nobody knows what the file is."""

    domain = DOMAIN
    reason = "ATTACHMENT_TYPE_NOT_ALLOWED"

    def __init__(self, media_type: str) -> None:
        super().__init__(
            "Files of this kind cannot be put on tickets.",
            metadata={"media_type": media_type},
            violations=[
                FieldViolation(
                    "content", f"is {media_type or 'of no known type'}, which no ticket takes"
                )
            ],
        )


class AttachmentTypeMismatch(InvalidArgument):
    """The bytes say one thing, and the name or the declared type another."""

    domain = DOMAIN
    reason = "ATTACHMENT_TYPE_MISMATCH"

    def __init__(self, media_type: str, said: str) -> None:
        super().__init__(
            f"The file is {media_type} and was said to be {said}.",
            metadata={"media_type": media_type, "said": said},
            violations=[FieldViolation("content", f"is {media_type}, not {said}")],
        )


class AttachmentQuotaExceeded(FailedPrecondition):
    """All files of the tenant together are as large as they may be."""

    domain = DOMAIN
    reason = "ATTACHMENT_QUOTA_EXCEEDED"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"All files together have at most {most_bytes} bytes; take some away first.",
            metadata={"most_bytes": str(most_bytes)},
        )


class TooManyAttachments(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_ATTACHMENTS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} files.", metadata={"most": str(most)})


class AttachmentNotUsable(FailedPrecondition):
    """A comment cannot name the file."""

    domain = DOMAIN
    reason = "ATTACHMENT_NOT_USABLE"

    def __init__(self, attachment_id: str, why: str) -> None:
        super().__init__(
            "The comment cannot have this file.",
            metadata={"attachment_id": attachment_id, "why": why},
        )


class InternalAttachmentNotAllowed(PermissionDenied):
    """Only agents may put internal files on tickets."""

    domain = DOMAIN
    reason = "INTERNAL_ATTACHMENT_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("Only agents may put internal files on tickets.")
