"""A file for a secret: its owner's only, and complete from the moment that it exists."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path


def read_or_write(file: Path, make: Callable[[], str]) -> str:
    """What the file holds; when there is none, what `make` gives, unless another was faster."""
    if not file.exists():
        _write(file, make())
    return file.read_text(encoding="utf-8").strip()


def _write(file: Path, secret: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(f"{secret}\n")
        stream.flush()
        os.fsync(stream.fileno())
    # A link, unlike a rename, leaves the file of a faster process in its place.
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
