"""What stands on each point of the index beside its vectors; searches are filtered by it."""

from collections.abc import Mapping
from typing import Any

from services.mesh.caller import TenantId
from services.search.domain import IndexedText
from services.search.readers import View
from services.search.revisions import IndexedChunk

# Points of another layout are made anew out of the store; raise it with every change.
LAYOUT = 2
# No key looks like it. A filter can ask whether a value is there, sooner than whether none is.
_EVERYBODY = "*"


def payload_of(tenant_id: TenantId, text: IndexedText) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "document_id": text.document_id,
        "version": text.version,
        "category": text.category,
        "readers": sorted(text.readers.keys) or [_EVERYBODY],
    }


def marks_in(view: View) -> list[str]:
    """The values of `readers` of which a visible point has at least one."""
    return [_EVERYBODY, *sorted(view.keys)]


def chunk_of(payload: Mapping[str, Any]) -> IndexedChunk:
    return IndexedChunk(
        tenant_id=TenantId(payload["tenant_id"]),
        document_id=payload["document_id"],
        version=payload["version"],
        category=payload["category"],
        reader_keys=frozenset(payload["readers"]) - {_EVERYBODY},
    )
