"""The keys of the MACs: files that only the service may read, outside of its database.

Each file is named after its key's id, and the newest key signs. To rotate, a file is added; the
old ones stay as long as there are records of their time.
"""

import os
import secrets
from pathlib import Path

from services.mesh.audit.record import MacKey
from services.mesh.ids import is_id, new_id

_KEY_BYTES = 32


class KeyMissing(Exception):
    """A record names a key that is not at hand."""


class AuditKeys:
    """The keys of one folder. The folder and a first key are made where there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, MacKey] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.refresh()
        if not self._keys:
            self.rotate()

    def signing(self) -> tuple[str, MacKey]:
        """The newest key and its id."""
        newest = max(self._keys)
        return newest, self._keys[newest]

    def find(self, key_id: str) -> MacKey:
        """Raises KeyMissing."""
        if key_id not in self._keys:
            # The name comes from a record: it must not lead out of the folder.
            if not is_id(key_id) or not (self._folder / key_id).exists():
                raise KeyMissing(key_id)
            self.refresh()
        return self._keys[key_id]

    def rotate(self) -> str:
        """Makes a new key, with which everything is signed from now on."""
        key_id = new_id()
        draft = self._folder / f".{key_id}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{secrets.token_hex(_KEY_BYTES)}\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(self._folder / key_id)
        self.refresh()
        return key_id

    def refresh(self) -> None:
        """Looks for keys that were added meanwhile."""
        for file in self._folder.iterdir():
            if is_id(file.name) and file.name not in self._keys:
                self._keys[file.name] = read_key(file)


def read_key(file: Path) -> MacKey:
    """Raises ValueError when the file holds no key."""
    key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{file} holds no audit key")
    return MacKey(key)
