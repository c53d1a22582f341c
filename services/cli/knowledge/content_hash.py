"""Whether a file is what the knowledge base holds already, told by the contract's hashes."""

import hashlib

from helpdesk.search.v1 import publication_pb2, search_pb2


def is_unchanged(known: search_pb2.KnowledgeDocument, data: bytes, category: str = "") -> bool:
    # Title and category come out of the file: the same file would bring the known ones.
    if category and category != known.category:
        return False
    if known.source_sha256:
        return hashlib.sha256(data).hexdigest() == known.source_sha256
    return _is_its_text(known, data)


def is_same(known: search_pb2.KnowledgeDocument, wanted: search_pb2.KnowledgeDocument) -> bool:
    """Whether putting what is wanted would change nothing."""
    fields = (wanted.source_uri, wanted.title, wanted.category, wanted.content)
    return (
        hashlib.sha256("\0".join(fields).encode()).hexdigest() == known.content_hash
        and (not wanted.HasField("readers") or wanted.readers == known.readers)
        and wanted.state in (publication_pb2.DOCUMENT_STATE_UNSPECIFIED, known.state)
        and wanted.effective_dates == known.effective_dates
    )


def _is_its_text(known: search_pb2.KnowledgeDocument, data: bytes) -> bool:
    """For documents that were put as text."""
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    fields = (known.source_uri, known.title, known.category, content)
    return hashlib.sha256("\0".join(fields).encode()).hexdigest() == known.content_hash
