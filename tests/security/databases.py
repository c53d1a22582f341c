"""The settings of an installation whose databases are on PostgreSQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.support.databases import running_postgresql

_SERVICES = ("AUTH", "TICKET", "SEARCH", "CHAT")


@contextmanager
def postgresql_settings() -> Iterator[Mapping[str, str]]:
    with running_postgresql() as server:
        settings: dict[str, str] = {}
        for service in _SERVICES:
            address = server.create()
            settings |= {
                f"HELPDESK_{service}_DATABASE_URL": address.url,
                f"HELPDESK_{service}_DATABASE_OWNER_URL": str(address.owner_url),
                f"HELPDESK_{service}_DATABASE_SYSTEM_URL": str(address.system_url),
            }
        yield settings
