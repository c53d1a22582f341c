"""A file on a ticket, and how much of them there may be."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.mesh.caller import UserId
from services.ticket.domain.media_types import DEFAULT_TYPES
from services.ticket.errors.attachments import (
    AttachmentQuotaExceeded,
    AttachmentTooLarge,
    TooManyAttachments,
)


@dataclass(frozen=True)
class Attachment:
    """`sha256` names its bytes, which other attachments of the tenant may have, too."""

    attachment_id: str
    ticket_id: str
    comment_id: str | None
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    is_internal: bool
    author_id: UserId
    create_time: datetime


@dataclass(frozen=True)
class AttachmentUsage:
    """What is there already: of the tenant, and of one ticket."""

    bytes_of_tenant: int
    count_of_ticket: int


@dataclass(frozen=True)
class AttachmentLimits:
    most_bytes: int = 100 * 1024 * 1024
    most_bytes_of_tenant: int = 10 * 1024 * 1024 * 1024
    most_of_ticket: int = 100
    media_types: Collection[str] = DEFAULT_TYPES

    def require_size(self, size_bytes: int) -> None:
        if size_bytes > self.most_bytes:
            raise AttachmentTooLarge(self.most_bytes)

    def require_room(self, usage: AttachmentUsage, size_bytes: int) -> None:
        """For one more of this size."""
        if usage.count_of_ticket >= self.most_of_ticket:
            raise TooManyAttachments(self.most_of_ticket)
        if usage.bytes_of_tenant + size_bytes > self.most_bytes_of_tenant:
            raise AttachmentQuotaExceeded(self.most_bytes_of_tenant)
