"""Documents as tests need them."""

from collections.abc import Sequence, Set
from datetime import UTC, datetime

import numpy as np

from services.mesh.caller import Caller, TenantId, UserId
from services.mesh.ids import new_id
from services.search.domain import Chunk, DocumentText, Embedding, IndexedText
from services.search.keywords import Terms, terms_of
from services.search.ports import Hit, Vector, VectorIndex
from services.search.publication import IN_FORCE, DocumentState, Period, Standing
from services.search.readers import EVERYBODY, MANAGE, Readers, View

ACME = TenantId("acme")
GLOBEX = TenantId("globex")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DIMENSIONS = 8

VPN_ARTICLE = """---
title: Connect to the VPN
category: network
---

Use the VPN when you work from home.

## Install the client

1. Open the software shop.
2. Choose **Falcon Gate** and press *Install*.

## When it does not connect

Restart the client. Error 619 means that your password has expired.
"""


SEES_ALL = View(ACME, sees_all=True)
GLOBEX_SEES_ALL = View(GLOBEX, sees_all=True)


def somebody(tenant_id: TenantId = ACME) -> Caller:
    """Who manages the knowledge base."""
    return a_caller("ann", "admin", tenant_id=tenant_id, permissions={MANAGE})


def a_caller(
    user_id: str, *roles: str, tenant_id: TenantId = ACME, permissions: Set[str] = frozenset()
) -> Caller:
    return Caller(
        service="gateway",
        tenant_id=tenant_id,
        user_id=UserId(user_id),
        roles=frozenset(roles),
        permissions=frozenset(permissions),
    )


def an_article(
    content: str = VPN_ARTICLE,
    *,
    source_uri: str = "network/vpn.md",
    title: str = "",
    category: str = "",
    readers: Readers | None = None,
    state: DocumentState | None = None,
    period: Period | None = None,
) -> DocumentText:
    return DocumentText(source_uri, title, category, content, readers, state=state, period=period)


def a_chunk(
    text: str = "Restart the printer.",
    *,
    document_id: str = "",
    version: int = 1,
    position: int = 0,
    start: int = 0,
) -> Chunk:
    return Chunk(
        chunk_id=new_id(),
        document_id=document_id or new_id(),
        version=version,
        position=position,
        headings=("Printers",),
        lead="",
        text=text,
        start=start,
        end=start + len(text),
    )


def an_embedding(
    chunk: Chunk, meaning: Sequence[float] = (1.0,), recipe: str = "recipe-1"
) -> Embedding:
    return Embedding(
        chunk.chunk_id, recipe, a_vector(*meaning).tobytes(), bytes(terms_of(chunk.text))
    )


def a_vector(*meaning: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(meaning)] = meaning
    return vector / np.linalg.norm(vector)


async def nearest(index: VectorIndex, view: View, vector: Vector, limit: int) -> list[Hit]:
    """Without a word to look for, the candidates are the nearest alone."""
    nothing = Terms(np.zeros(0, np.uint32), np.zeros(0, np.float32))
    found = await index.candidates(view, vector, nothing, limit)
    return [Hit(chunk_id, score) for chunk_id, score in found.items()]


def an_indexed_text(
    *pieces: tuple[str, Sequence[float]],
    document_id: str = "",
    version: int = 1,
    category: str = "",
    readers: Readers = EVERYBODY,
    standing: Standing = IN_FORCE,
) -> IndexedText:
    document_id = document_id or new_id()
    chunks = [
        a_chunk(text, document_id=document_id, version=version, position=position)
        for position, (text, _) in enumerate(pieces)
    ]
    embeddings = [
        an_embedding(chunk, meaning) for chunk, (_, meaning) in zip(chunks, pieces, strict=True)
    ]
    return IndexedText(
        document_id, version, "Printers", chunks, embeddings, category, readers, standing
    )
