"""The operator's first password: as the settings say, or made up and left in a file."""

from pathlib import Path

from services.auth.credentials import new_secret
from services.mesh.private_file import read_or_write


class ChosenSecret:
    def __init__(self, password: str) -> None:
        self._password = password

    def obtain(self) -> str:
        return self._password


class SecretInFile:
    def __init__(self, file: Path) -> None:
        self._file = file

    def obtain(self) -> str:
        return read_or_write(self._file, new_secret)
