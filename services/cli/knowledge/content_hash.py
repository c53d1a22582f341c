"""The hash by which the contract says whether a document is the same."""

import hashlib


def content_hash(source_uri: str, content: str, title: str = "", category: str = "") -> str:
    parts = (source_uri, title, category, content)
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
