"""The operator's first password: as the settings say, or made up and left in a file."""

import contextlib
import os
from pathlib import Path

from services.auth.credentials import new_secret


class ChosenSecret:
    def __init__(self, password: str) -> None:
        self._password = password

    def obtain(self) -> str:
        return self._password


class SecretInFile:
    """The file is readable by its owner only and complete from the moment that it exists."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def obtain(self) -> str:
        if not self._file.exists():
            self._write(new_secret())
        return self._file.read_text(encoding="utf-8").strip()

    def _write(self, password: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{password}\n")
            stream.flush()
            os.fsync(stream.fileno())
        # A link, unlike a rename, leaves the file of a faster process in its place.
        with contextlib.suppress(FileExistsError):
            os.link(draft, self._file)
        draft.unlink()
