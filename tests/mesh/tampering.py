"""What only who owns the tables can do: change records behind the service's back."""

import sqlite3
from contextlib import closing

import psycopg
from sqlalchemy import make_url

from services.mesh.database_address import AnyAddress, DatabaseAddress


class Tamper:
    def __init__(self, address: AnyAddress) -> None:
        self._address = address

    def __call__(self, *statements: str) -> None:
        if isinstance(self._address, DatabaseAddress) and self._address.owner_url:
            self._on_postgresql(self._address.owner_url, statements)
        else:
            given = self._address
            self._on_sqlite(given if isinstance(given, str) else given.url, statements)

    def _on_postgresql(self, url: str, statements: tuple[str, ...]) -> None:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as owner:
            owner.execute("ALTER TABLE audit_records DISABLE TRIGGER USER")
            for table in ("audit_records", "audit_heads"):
                owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY".encode())
            for statement in statements:
                owner.execute(statement.encode())

    def _on_sqlite(self, url: str, statements: tuple[str, ...]) -> None:
        with closing(sqlite3.connect(str(make_url(url).database))) as file, file:
            for trigger in ("audit_records_stay", "audit_records_remain"):
                file.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            for statement in statements:
                file.execute(statement)
