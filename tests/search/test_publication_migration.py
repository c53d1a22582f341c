"""What was there before there were states was found by everybody, and is found as before."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.search.publication import IN_FORCE, DocumentState
from services.search.readers import Reader, curator
from services.search.revisions import Revision
from services.search.server import MIGRATIONS
from services.search.store import SqlDocumentStore
from tests.search.builders import ACME, NOON

JOE = Reader(ACME, frozenset({"role:customer"}))
BEFORE = "0004"


@pytest.fixture
def migrations_before(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    for file in (MIGRATIONS / "versions").glob("[0-9]*.py"):
        if file.name[: len(BEFORE)] <= BEFORE:
            shutil.copy(file, versions)
    return versions.parent


async def test_documents_from_before_are_published_at_their_newest_version(
    database_url: AnyAddress, migrations_before: Path
) -> None:
    database = Database(database_url)
    await database.migrate(migrations_before)
    async with database.system_transaction() as session:
        for name, deleted in (("a.md", "NULL"), ("b.md", ":noon")):
            await session.execute(
                text(
                    "INSERT INTO documents (tenant_id, document_id, source_uri, title, category,"  # noqa: S608
                    " version, content_hash, chunk_count, create_time, update_time, delete_time)"
                    f" VALUES ('acme', :name, :uri, 'T', '', 2, 'h2', 1, :noon, :noon, {deleted})"
                ),
                {"name": name, "uri": name, "noon": NOON},
            )
            for version in (1, 2):
                await session.execute(
                    text(
                        "INSERT INTO document_versions (tenant_id, document_id, version,"
                        " source_uri, title, category, content, content_hash, create_time)"
                        " VALUES ('acme', :name, :version, :uri, 'T', '', 'Words.', :hash, :noon)"
                    ),
                    {
                        "name": name,
                        "uri": name,
                        "version": version,
                        "hash": f"h{version}",
                        "noon": NOON,
                    },
                )
    await database.migrate(MIGRATIONS)
    store = SqlDocumentStore(database)
    async with store.reading(JOE) as documents:
        listed = await documents.list_documents(limit=9, after="")
        old = [await documents.find_version(name, 1) for name in ("a.md", "b.md")]
    assert [(one.source_uri, one.version, one.state) for one in listed] == [
        ("a.md", 2, DocumentState.PUBLISHED)
    ]
    assert [one.content for one in old if one is not None] == ["Words.", "Words."]
    assert await store.revisions() == {(ACME, "a.md"): Revision(2, 1, standing=IN_FORCE)}
    async with store.transaction(curator(ACME)) as documents:
        claimed = await documents.claim("b.md", "new", NOON)
    assert (claimed.version, claimed.published_version, claimed.is_there) == (2, 0, False)
    await database.close()
