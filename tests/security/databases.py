"""The settings of an installation whose databases are on PostgreSQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.support.databases import running_postgresql

_SERVICES = ("AUTH", "TICKET", "SEARCH", "CHAT")


@contextmanager
def postgresql_settings() -> Iterator[Mapping[str, str]]:
    with running_postgresql() as server:
        urls = {name: server.create() for name in _SERVICES}
        yield {
            f"HELPDESK_{name}_DATABASE_URL": url.render_as_string(hide_password=False)
            for name, url in urls.items()
        }
