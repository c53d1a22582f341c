"""Which file an article goes to: its source where that is a path, and else a name made of it."""

import hashlib
import re
from pathlib import PurePosixPath

# So that a name fits any file system, whatever its characters take.
_LONGEST_NAME = 80
_PLAIN_NAME = re.compile(r"\w[\w .,()+@-]*\Z")
_MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".txt"})
_OTHERS = "other-sources"


class Paths:
    """Gives each source a path that no other has, also where large letters are like small ones."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def of(self, source_uri: str) -> str:
        path = source_uri
        if not _is_path(source_uri) or self._is_taken(source_uri.casefold()):
            path = _made_up(source_uri)
        self._files.add(path.casefold())
        self._folders |= _folders_of(path.casefold())
        return path

    def _is_taken(self, path: str) -> bool:
        """Also when one of the two would have to be a folder of the other."""
        is_known = path in self._files or path in self._folders
        return is_known or not self._files.isdisjoint(_folders_of(path))


def _folders_of(path: str) -> set[str]:
    names = path.split("/")
    return {"/".join(names[:count]) for count in range(1, len(names))}


def _is_path(source_uri: str) -> bool:
    names = source_uri.split("/")
    is_markdown = PurePosixPath(source_uri).suffix.lower() in _MARKDOWN
    return is_markdown and names[0] != _OTHERS and all(map(_is_name, names))


def _is_name(name: str) -> bool:
    is_plain = _PLAIN_NAME.match(name) is not None and name == name.rstrip(" .")
    return is_plain and len(name) <= _LONGEST_NAME


def _made_up(source_uri: str) -> str:
    digest = hashlib.sha256(source_uri.encode()).hexdigest()[:16]
    words = re.sub(r"[^A-Za-z0-9]+", "-", source_uri).strip("-")[:_LONGEST_NAME]
    return f"{_OTHERS}/{words or 'article'}-{digest}.md"
