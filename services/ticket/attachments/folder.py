"""Bytes in a folder: written aside, flushed to the disk, and only then given their name.

    FOLDER/<tenant>/incoming/<id>            what is still coming
    FOLDER/<tenant>/<ab>/<abcdef…, SHA-256>  what is kept

A process that is killed at any point leaves a whole file, or one that the sweeper throws away.
"""

import asyncio
import os
import re
import shutil
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from hashlib import sha256 as new_sha256
from io import FileIO
from pathlib import Path

import structlog

from services.mesh.caller import TenantId
from services.mesh.errors import StorageUnavailable
from services.mesh.ids import new_id

PIECE_BYTES = 256 * 1024
_INCOMING = "incoming"
_RETRY_AFTER = timedelta(seconds=1)
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")

log = structlog.get_logger()


class IncomingFile:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / _INCOMING / new_id()
        self._hash = new_sha256()
        self.size_bytes = 0
        # A call that is cancelled leaves the thread that writes for it behind for a moment.
        self._lock = threading.Lock()
        self._is_over = False
        self._file: FileIO | None = None

    async def add(self, piece: bytes) -> None:
        await asyncio.to_thread(self._add, piece)

    async def keep(self) -> str:
        return await asyncio.to_thread(self._keep)

    def discard(self) -> None:
        with self._lock, _faults():
            self._is_over = True
            if self._file is not None:
                self._file.close()
                self._path.unlink(missing_ok=True)

    def _add(self, piece: bytes) -> None:
        with self._lock, _faults():
            file = self._opened()
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]
            self._hash.update(piece)
            self.size_bytes += len(piece)

    def _keep(self) -> str:
        with self._lock, _faults():
            file = self._opened()
            os.fsync(file.fileno())
            file.close()
            digest = self._hash.hexdigest()
            path = _path(self._folder, digest)
            _make_folder(path.parent)
            # Also over the same bytes: the newer file is not about to be swept.
            self._path.replace(path)
            _flush_folder(path.parent)
            return digest

    def _opened(self) -> FileIO:
        if self._is_over:
            raise ValueError("the file is thrown away already")
        if self._file is None:
            _make_folder(self._path.parent)
            self._file = self._path.open("xb", buffering=0)
        return self._file


class AttachmentFolder:
    def __init__(self, root: Path) -> None:
        self._root = root

    @asynccontextmanager
    async def incoming(self, tenant_id: TenantId) -> AsyncIterator[IncomingFile]:
        file = IncomingFile(self._folder(tenant_id))
        try:
            yield file
        finally:
            await asyncio.shield(asyncio.to_thread(file.discard))

    async def has(self, tenant_id: TenantId, sha256: str) -> bool:
        return await asyncio.to_thread(_path(self._folder(tenant_id), sha256).is_file)

    async def read(self, tenant_id: TenantId, sha256: str) -> AsyncIterator[bytes]:
        path = _path(self._folder(tenant_id), sha256)
        with _faults():
            file = await asyncio.to_thread(path.open, "rb", buffering=0)
        try:
            while True:
                with _faults():
                    piece = await asyncio.to_thread(file.read, PIECE_BYTES)
                if not piece:
                    return
                yield piece
        finally:
            file.close()

    async def list_tenants(self) -> list[TenantId]:
        def names() -> list[TenantId]:
            if not self._root.is_dir():
                return []
            found = (path.name for path in self._root.iterdir() if path.is_dir())
            return sorted(TenantId(name) for name in found if _TENANT.match(name))

        return await asyncio.to_thread(names)

    async def drop_abandoned(self, tenant_id: TenantId, age_seconds: float) -> int:
        @_faults()
        def drop() -> int:
            old = [*_older(self._folder(tenant_id) / _INCOMING, age_seconds)]
            for path in old:
                path.unlink(missing_ok=True)
            return len(old)

        return await asyncio.to_thread(drop)

    async def list_kept(self, tenant_id: TenantId, age_seconds: float) -> list[str]:
        @_faults()
        def names() -> list[str]:
            folders = (each for each in self._folder(tenant_id).iterdir() if each.is_dir())
            found = (path.name for folder in folders for path in _older(folder, age_seconds))
            return sorted(name for name in found if _SHA256.match(name))

        return await asyncio.to_thread(names)

    async def drop(self, tenant_id: TenantId, hashes: Collection[str]) -> None:
        @_faults()
        def unlink() -> None:
            for sha256 in hashes:
                _path(self._folder(tenant_id), sha256).unlink(missing_ok=True)

        await asyncio.to_thread(unlink)

    async def forget(self, tenant_id: TenantId) -> None:
        folder = self._folder(tenant_id)
        if folder.is_dir():
            await asyncio.to_thread(shutil.rmtree, folder)

    def _folder(self, tenant_id: TenantId) -> Path:
        if not _TENANT.match(tenant_id):
            raise ValueError("a tenant that cannot be the name of a folder")
        return self._root / tenant_id


def _path(folder: Path, sha256: str) -> Path:
    if not _SHA256.match(sha256):
        raise ValueError("not a SHA-256")
    return folder / sha256[:2] / sha256


def _older(folder: Path, age_seconds: float) -> Iterator[Path]:
    latest = time.time() - age_seconds
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mtime <= latest:
                    yield path


def _make_folder(path: Path) -> None:
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    _flush_folder(path.parent)


def _flush_folder(path: Path) -> None:
    """Without it the name of a new file may be gone after a power cut, and the file with it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.warning("files cannot be kept or read", error=str(error.strerror))
        raise StorageUnavailable(
            "Files cannot be kept or read at the moment.", retry_after=_RETRY_AFTER
        ) from error
