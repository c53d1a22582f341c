"""The SQL of access lists: whom they let in, what they say, and how they are changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.search.publication import BEGINNING
from services.search.readers import EVERYBODY, Reader, Readers, View
from services.search.tables import CategoryReaderRow, CategoryRow, DocumentReaderRow, DocumentRow

Lists = MutableMapping[str, Readers]


@dataclass(frozen=True)
class AnyReader:
    """Stands for a reader in a statement that is built once and run for many."""

    tenant_id: BindParameter[str]
    keys: BindParameter[Any]
    sees_all: bool


def admits(reader: Reader | AnyReader) -> ColumnElement[bool]:
    """Whether a document's own list and its category's both let the reader in."""
    if reader.sees_all:
        return true()
    return and_(
        _lets_in(
            reader, DocumentReaderRow, DocumentReaderRow.document_id == DocumentRow.document_id
        ),
        _lets_in(reader, CategoryReaderRow, CategoryReaderRow.category == DocumentRow.category),
    )


def view_from(reader: Reader, rows: Sequence[tuple[str, str, datetime | None]]) -> View:
    """A category and who may read it, a key that some document names, or a turning point each."""
    since = max((moment for _, _, moment in rows if moment), default=BEGINNING)
    if reader.sees_all:
        return View(reader.tenant_id, sees_all=True, since=since)
    lists = _lists((name, key) for name, key, _ in rows if key)
    named = lists.pop("", EVERYBODY).keys
    closed = {name for name, readers in lists.items() if not reader.is_admitted_by(readers)}
    return View(reader.tenant_id, named, frozenset(closed), since=since)


async def category_lists(session: AsyncSession, tenant_id: TenantId) -> Lists:
    columns = select(CategoryReaderRow.category, CategoryReaderRow.reader)
    rows = await session.execute(columns.where(CategoryReaderRow.tenant_id == tenant_id))
    return _lists((name, key) for name, key in rows)


async def document_lists(
    session: AsyncSession, tenant_id: TenantId, document_ids: Collection[str]
) -> Lists:
    columns = select(DocumentReaderRow.document_id, DocumentReaderRow.reader)
    rows = await session.execute(
        columns.where(
            DocumentReaderRow.tenant_id == tenant_id,
            DocumentReaderRow.document_id.in_(document_ids),
        )
    )
    return _lists((name, key) for name, key in rows)


async def replace_document_list(
    session: AsyncSession, tenant_id: TenantId, document_id: str, readers: Readers
) -> None:
    """The caller holds the document's row locked."""
    own = {"tenant_id": tenant_id, "document_id": document_id}
    await session.execute(delete(DocumentReaderRow).filter_by(**own))
    if readers.keys:
        rows = [{**own, "reader": key} for key in readers.keys]
        await session.execute(insert(DocumentReaderRow), rows)


async def replace_category_list(
    session: AsyncSession, tenant_id: TenantId, category: str, readers: Readers, new_id: str
) -> str:
    """The category's id, which is the new one when it had none."""
    own = {"tenant_id": tenant_id, "category": category}
    new = {**own, "category_id": new_id}
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    if_absent = (
        postgresql_insert(CategoryRow).values(**new).on_conflict_do_nothing()
        if is_postgresql
        else sqlite_insert(CategoryRow).values(**new).on_conflict_do_nothing()
    )
    await session.execute(if_absent)
    # Two changes at once would otherwise leave the readers of both.
    locked = select(CategoryRow.category_id).filter_by(**own).with_for_update()
    category_id = (await session.execute(locked)).scalar_one()
    await session.execute(delete(CategoryReaderRow).filter_by(**own))
    if readers.keys:
        rows = [{**own, "reader": key} for key in readers.keys]
        await session.execute(insert(CategoryReaderRow), rows)
    return category_id


async def category_ids(session: AsyncSession, tenant_id: TenantId) -> Mapping[str, str]:
    """Of the categories that ever had a list, by name."""
    columns = select(CategoryRow.category, CategoryRow.category_id)
    rows = await session.execute(columns.where(CategoryRow.tenant_id == tenant_id))
    return {row.category: row.category_id for row in rows}


def _lets_in(
    reader: Reader | AnyReader,
    listed: type[DocumentReaderRow] | type[CategoryReaderRow],
    of_document: ColumnElement[bool],
) -> ColumnElement[bool]:
    own = and_(listed.tenant_id == reader.tenant_id, of_document)
    return or_(~exists().where(own), exists().where(own, listed.reader.in_(reader.keys)))


def _lists(rows: Iterable[tuple[str, str]]) -> Lists:
    lists: defaultdict[str, set[str]] = defaultdict(set)
    for name, key in rows:
        lists[name].add(key)
    return defaultdict(
        lambda: EVERYBODY, {name: Readers(frozenset(keys)) for name, keys in lists.items()}
    )
