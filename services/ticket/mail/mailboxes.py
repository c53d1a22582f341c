"""The mailboxes that the operator wants looked into, as written down in a file of YAML."""

import os
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.ticket.mail.message import plain_address

# No quotes and no wildcards; beyond ASCII IMAP writes folders in a code of its own.
Folder = Annotated[str, Field(pattern=r"^[A-Za-z0-9 ._/-]{1,200}$")]


class MailboxesUnreadable(OSError):
    """The file of mailboxes is not there, or says what cannot be."""


class Mailbox(BaseModel):
    """Without `filed_folder`, what was filed stays where it is and is marked as seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: Path | None = None
    user: str = Field(pattern=r"^[ -~]{1,254}$")
    password_file: Path | None = None
    password_variable: str | None = None
    folder: Folder = "INBOX"
    filed_folder: Folder | None = None
    unreadable_folder: Folder = "Unreadable"

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if not plain_address(self.address) or "+" in self.address:
            raise ValueError("the address is no plain address")
        if (self.password_file is None) == (self.password_variable is None):
            raise ValueError("give either password_file or password_variable")
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError("a password would cross the net in the clear; take tls or starttls")
        if self.folder in (self.filed_folder, self.unreadable_folder):
            raise ValueError("a mail must not be moved to where it is looked for")
        return self

    @property
    def key(self) -> str:
        """What UIDs are remembered under: another folder or server has others."""
        where = f"{self.user}@{self.host}:{self.port}/{self.folder}"
        return sha256(where.encode()).hexdigest()

    def password(self) -> str:
        """Raises MailboxesUnreadable. Read each time, for it may have been changed."""
        try:
            if self.password_file is not None:
                return self.password_file.read_text("utf-8").rstrip("\r\n")
            return os.environ[self.password_variable or ""]
        except (OSError, ValueError, KeyError) as error:
            raise MailboxesUnreadable(f"no password ({type(error).__name__})") from None


def read_mailboxes(file: Path) -> tuple[Mailbox, ...]:
    """Raises MailboxesUnreadable."""
    try:
        written = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise MailboxesUnreadable(f"{file}: {str(error).splitlines()[0]}") from None
    if not isinstance(written, list):
        raise MailboxesUnreadable(f"{file}: expected a list of mailboxes")
    mailboxes = tuple(_mailbox(file, number, each) for number, each in enumerate(written, 1))
    keys = [mailbox.key for mailbox in mailboxes]
    if len(set(keys)) < len(keys):
        raise MailboxesUnreadable(f"{file}: a folder is named twice")
    return mailboxes


def _mailbox(file: Path, number: int, written: object) -> Mailbox:
    try:
        return Mailbox.model_validate(written)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(each) for each in first["loc"]) or "it"
        raise MailboxesUnreadable(f"{file}: mailbox {number}: {field}: {first['msg']}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
