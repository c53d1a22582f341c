"""What an administrator asks of the index: how it is, and to be written anew."""

from dataclasses import dataclass

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId
from services.search.library import Library
from services.search.readers import current_reader


@dataclass(frozen=True)
class IndexStatus:
    document_count: int
    behind_count: int
    rebuilding_count: int
    available: bool
    encoder: str
    serving_encoder: str


async def index_status(library: Library) -> IndexStatus:
    tenant_id = current_reader().tenant_id
    async with library.store.reading(current_reader()) as documents:
        ids = await documents.published_ids()
    return _status(library, tenant_id, len(ids))


async def rebuild_index(library: Library) -> IndexStatus:
    """Begins it; twice at once is one rebuild."""
    reader = current_reader()
    async with library.store.transaction(reader) as documents:
        ids = await documents.published_ids()
        acts_on("index", library.vectors.recipe)
    library.indexing.rebuild(reader.tenant_id, ids)
    return _status(library, reader.tenant_id, len(ids))


def _status(library: Library, tenant_id: TenantId, count: int) -> IndexStatus:
    backlog = library.indexing.backlog(tenant_id)
    return IndexStatus(
        document_count=count,
        behind_count=backlog.behind,
        rebuilding_count=backlog.rebuilding,
        available=backlog.is_compared,
        encoder=library.vectors.recipe,
        serving_encoder=library.indexing.serving_recipe(tenant_id),
    )
