"""Whether a text is what the knowledge base holds already, told by the contract's hash."""

import hashlib

from helpdesk.search.v1 import search_pb2


def is_unchanged(known: search_pb2.KnowledgeDocument, content: str, category: str = "") -> bool:
    # Title and category come out of the content: the same content would bring the known ones.
    if category and category != known.category:
        return False
    fields = (known.source_uri, known.title, known.category, content)
    return hashlib.sha256("\0".join(fields).encode()).hexdigest() == known.content_hash
