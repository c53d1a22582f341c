"""The tables of every service, as the code means them."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase

from services.mesh.settings import REPOSITORY

SERVICES = ("auth", "ticket", "search", "chat")


@dataclass(frozen=True)
class Schema:
    service: str
    metadata: MetaData
    migrations: Path

    @property
    def tables_of_tenants(self) -> list[Table]:
        return [table for table in self.metadata.sorted_tables if "tenant_id" in table.columns]


def schema_of(service: str) -> Schema:
    folder = REPOSITORY / "services" / service
    # Tables may stand in several files, each of which adds to the same metadata.
    files = [*folder.glob("*tables.py"), *folder.glob("tables/*.py")]
    modules = [
        import_module(".".join(file.relative_to(REPOSITORY).with_suffix("").parts))
        for file in files
    ]
    [metadata] = {
        id(found.metadata): found.metadata
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, DeclarativeBase)
        and found is not DeclarativeBase
    }.values()
    return Schema(service, metadata, folder / "migrations")
