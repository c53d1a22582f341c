"""Says who may read a document or a category."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.mesh.audit import acts_on
from services.mesh.ids import new_id
from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.search.domain import Category, KnowledgeDocument
from services.search.errors import DocumentNotFound
from services.search.library import Library
from services.search.ports import DocumentStore
from services.search.readers import Readers, current_reader


@dataclass(frozen=True)
class CategoryPage:
    categories: Sequence[Category]
    next_page_token: str


async def set_document_readers(
    library: Library, document_id: str, readers: Readers
) -> KnowledgeDocument:
    """Its passages keep their vectors; they are filtered by the new list when this returns."""
    reader = current_reader()
    with library.indexing.following():
        async with library.store.transaction(reader) as documents:
            document = await documents.set_readers(document_id, readers)
        if document is None:
            raise DocumentNotFound(document_id)
        await library.indexing.bring_up_to_date(reader.tenant_id, document_id)
    library.frequencies.outdate(reader.tenant_id)
    return document


async def set_category_readers(library: Library, category: str, readers: Readers) -> Category:
    """No passage changes: which categories are closed is asked before every search."""
    reader = current_reader()
    name = " ".join(category.split())
    async with library.store.transaction(reader) as documents:
        category_id = await documents.set_category_readers(name, readers, new_id())
        listed = await documents.list_categories()
        acts_on("category", category_id)
    library.frequencies.outdate(reader.tenant_id)
    count = next((one.document_count for one in listed if one.name == name), 0)
    return Category(name, readers, count, category_id)


async def list_categories(store: DocumentStore, size: int, token: str) -> CategoryPage:
    reader = current_reader()
    after = decode_page_token(reader.tenant_id, {"of": "categories"}, token) or ""
    async with store.reading(reader) as documents:
        found = [one for one in await documents.list_categories() if one.name > after]
    page = found[: page_size(size)]
    if len(found) == len(page):
        return CategoryPage(page, "")
    last = page[-1].name
    return CategoryPage(page, encode_page_token(reader.tenant_id, {"of": "categories"}, last))
