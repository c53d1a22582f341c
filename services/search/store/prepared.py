"""The statements of every search, built once: building one takes longer than running it."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)

from services.mesh.columns import UtcDateTime
from services.search.rows import CHUNK_COLUMNS
from services.search.store.admission import AnyReader, admits
from services.search.store.standing import in_force, turning_points
from services.search.tables import (
    CategoryReaderRow,
    ChunkRow,
    DocumentReaderRow,
    DocumentRow,
    EmbeddingRow,
)

_TENANT: BindParameter[str] = bindparam("tenant_id", type_=String())
_NOW: BindParameter[Any] = bindparam("now", type_=UtcDateTime())
_KEYS: BindParameter[Any] = bindparam("keys", type_=String(), expanding=True)


@cache
def terms(*, sees_all: bool, is_postgresql: bool) -> Select[*tuple[Any, ...]]:
    """Takes `tenant_id`, `now`, `chunk_ids`, and `keys` unless all is seen."""
    columns = select(ChunkRow.chunk_id, ChunkRow.document_id, EmbeddingRow.terms)
    own = (EmbeddingRow.tenant_id == _TENANT) & (EmbeddingRow.chunk_id == ChunkRow.chunk_id)
    return _open(columns.join(EmbeddingRow, own), sees_all=sees_all, is_postgresql=is_postgresql)


@cache
def passages(*, sees_all: bool, is_postgresql: bool) -> Select[*tuple[Any, ...]]:
    """Takes what `terms` takes."""
    columns = select(*CHUNK_COLUMNS, DocumentRow.title, DocumentRow.source_uri)
    return _open(columns, sees_all=sees_all, is_postgresql=is_postgresql)


def _open(
    columns: Select[*tuple[Any, ...]], *, sees_all: bool, is_postgresql: bool
) -> Select[*tuple[Any, ...]]:
    """Those of the chunks that the reader may read now."""
    return columns.join(
        DocumentRow,
        (DocumentRow.tenant_id == ChunkRow.tenant_id)
        & (DocumentRow.document_id == ChunkRow.document_id),
    ).where(
        ChunkRow.tenant_id == _TENANT,
        DocumentRow.tenant_id == _TENANT,
        admits(AnyReader(_TENANT, _KEYS, sees_all=sees_all)),
        in_force(_NOW),
        _is_asked_for(is_postgresql=is_postgresql),
    )


def _is_asked_for(*, is_postgresql: bool) -> ColumnElement[bool]:
    """All ids are one value: a list of values would be written into each statement anew."""
    if is_postgresql:
        return ChunkRow.chunk_id == any_(bindparam("chunk_ids", type_=ARRAY(String())))
    each = func.json_each(bindparam("chunk_ids", type_=JSON())).table_valued("value")
    return ChunkRow.chunk_id.in_(select(each.c.value))


@cache
def view(keys: int) -> CompoundSelect[*tuple[Any, ...]]:
    """Takes `tenant_id`, `now`, and as many keys as `key_0`, `key_1` …

    Its rows are a category and who may read it, or no category and a key that some document names,
    or neither and a moment at which a document began or ended. No category is without a name.
    """
    columns = (CategoryReaderRow.category, CategoryReaderRow.reader, cast(null(), UtcDateTime))
    of_categories = select(*columns).where(CategoryReaderRow.tenant_id == _TENANT)
    of_documents = [
        _named_by_a_document(bindparam(f"key_{n}", type_=String())) for n in range(keys)
    ]
    return union_all(of_categories, *of_documents, *turning_points(_TENANT, _NOW))


def _named_by_a_document(key: BindParameter[str]) -> Select[*tuple[Any, ...]]:
    is_named = exists().where(
        DocumentReaderRow.tenant_id == _TENANT, DocumentReaderRow.reader == key
    )
    return select(literal("", String), key, cast(null(), UtcDateTime)).where(is_named)
