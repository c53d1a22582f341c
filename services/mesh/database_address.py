"""Where a service's database is, and as whom to come."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class DatabaseAddress:
    """SQLite is a file and knows nobody; PostgreSQL is asked as three roles.

    `url` is the role that serves tenants, `system_url` the one that sees all of them, and
    `owner_url` the one that owns the tables; a process that never migrates needs no owner.
    """

    url: str = field(repr=False)
    owner_url: str | None = field(default=None, repr=False)
    system_url: str | None = field(default=None, repr=False)
    setting: str = "HELPDESK_<SERVICE>_DATABASE"

    @property
    def owner_setting(self) -> str:
        return f"{self.setting}_OWNER_URL"

    @property
    def system_setting(self) -> str:
        return f"{self.setting}_SYSTEM_URL"


# A bare URL is enough for SQLite.
AnyAddress = DatabaseAddress | str


class DatabaseUnsafe(Exception):
    """The database would not keep tenants apart; the message says what is wrong and the mend."""
