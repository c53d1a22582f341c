"""The files of a folder: which are articles, and why some cannot be."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ARTICLE_SUFFIXES = frozenset(
    {
        ".md",
        ".markdown",
        ".mdown",
        ".txt",
        ".html",
        ".htm",
        ".xhtml",
        ".pdf",
        ".docx",
    }
)
LARGEST_BYTES = 8 * 1024 * 1024
_LARGEST_SOURCE_URI = 500


class Unreadable(Exception):
    """The file cannot become an article; the message is the reason in a few words."""


@dataclass(frozen=True)
class Folder:
    """Paths are relative to the folder and sorted; hidden files and folders count as absent."""

    root: Path
    articles: tuple[str, ...]
    others: tuple[str, ...]


def look_into(root: Path) -> Folder:
    articles: list[str] = []
    others: list[str] = []
    for path in _walk(root):
        is_article = Path(path).suffix.lower() in ARTICLE_SUFFIXES
        (articles if is_article else others).append(path)
    return Folder(root, tuple(sorted(articles)), tuple(sorted(others)))


def read_article(root: Path, path: str) -> bytes:
    """Raises Unreadable."""
    _check_path(path)
    content = _read_bytes(root / path)
    if not content.strip():
        raise Unreadable("empty")
    return content


def _check_path(path: str) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise Unreadable("the file's name is not UTF-8") from None
    if len(path) > _LARGEST_SOURCE_URI:
        raise Unreadable(f"the path is longer than {_LARGEST_SOURCE_URI} characters")


def _read_bytes(file: Path) -> bytes:
    try:
        # Opening a pipe that nobody writes to would wait for ever.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if file.is_symlink():
            raise Unreadable("a symbolic link") from None
        raise Unreadable(error.strerror or "cannot be opened") from None
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("not a regular file")
        if status.st_size > LARGEST_BYTES:
            raise Unreadable(f"{status.st_size / 1024**2:.1f} MiB, more than 8 MiB")
        try:
            # One byte more than allowed, in case that the file grows at this moment.
            content = stream.read(LARGEST_BYTES + 1)
        except OSError as error:
            raise Unreadable(error.strerror or "cannot be read") from None
    if len(content) > LARGEST_BYTES:
        raise Unreadable("more than 8 MiB")
    return content


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.startswith("."):
                yield Path(folder, name).relative_to(root).as_posix()
