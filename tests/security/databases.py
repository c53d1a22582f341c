"""The settings of an installation whose databases are on PostgreSQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.support.databases import running_postgresql

_SERVICES = ("AUTH", "TICKET", "SEARCH", "CHAT")


@contextmanager
def postgresql_settings() -> Iterator[Mapping[str, str]]:
    with running_postgresql() as server:
        addresses = {name: server.create() for name in _SERVICES}
        yield {
            f"HELPDESK_{name}_DATABASE{role}_URL": str(url)
            for name, address in addresses.items()
            for role, url in (
                ("", address.url),
                ("_OWNER", address.owner_url),
                ("_SYSTEM", address.system_url),
            )
        }
