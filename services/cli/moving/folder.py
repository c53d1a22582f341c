"""The files of an export: in a folder beside it, each under the SHA-256 of its bytes."""

import hashlib
import os
import re
import stat
from io import BufferedReader
from pathlib import Path

from helpdesk.ticket.v1 import attachment_pb2
from services.cli.attachments.transfer import fetch_to_file
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.moving.record import Unusable

_SHA256 = re.compile("[0-9a-f]{64}")
_IN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without waiting, so that a pipe that somebody has laid there holds nothing up.
_ONE_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def folder_beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.files")


class FileFolder:
    """Nothing outside of it is ever read or written, whatever an export calls a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, gateway: Gateway, attachment: attachment_pb2.Attachment) -> None:
        """What is there under this name came whole, or it would not have it."""
        try:
            target = self.path / checked(attachment.sha256)
            self._make()
            if not _is_there(target, attachment.size_bytes):
                fetch_to_file(gateway, attachment, target)
        except Unusable as reason:
            raise CommandError(
                f"{attachment.file_name} cannot be saved: {reason}.",
                hint="helpdesk tickets export NEW_FILE",
                code="FILE_NOT_WRITTEN",
            ) from None

    def opened(self, sha256: str) -> BufferedReader:
        """Raises Unusable where the file is missing, is none, or has other bytes."""
        name = checked(sha256)
        try:
            folder = os.open(self.path, _IN_FOLDER)
            try:
                stream = os.fdopen(os.open(name, _ONE_FILE, dir_fd=folder), "rb")
            finally:
                os.close(folder)
        except FileNotFoundError:
            raise Unusable(f"it is missing in {self.path}") from None
        except OSError as error:
            raise Unusable(f"it cannot be read in {self.path}: {error.strerror}") from None
        try:
            _require_bytes(stream, name)
        except Unusable:
            stream.close()
            raise
        return stream

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Unusable(f"it has no folder {self.path}: {error.strerror}") from None
        if self.path.is_symlink():
            raise Unusable(f"it would leave by the link {self.path}")


def checked(name: str) -> str:
    if not _SHA256.fullmatch(name):
        raise Unusable("it is called what is no SHA-256")
    return name


def _is_there(target: Path, size_bytes: int) -> bool:
    try:
        found = target.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
        raise Unusable(f"it would stand where {target} is, which is another one")
    return True


def _require_bytes(stream: BufferedReader, sha256: str) -> None:
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        raise Unusable("it is no file")
    try:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror}") from None
    if digest != sha256:
        raise Unusable(f"it has other bytes than it had, of the SHA-256 {digest}")
