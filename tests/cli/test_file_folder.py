"""No name in an export leads out of the folder of its files; each test has its control."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.moving import folder as subject
from services.cli.moving.folder import FileFolder
from services.cli.moving.record import Unusable

SECRET = b"outside"
SHA256 = hashlib.sha256(SECRET).hexdigest()


def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_SHA256", re.compile(".*", re.DOTALL))
    monkeypatch.setattr(subject, "_ONE_FILE", os.O_RDONLY)
    monkeypatch.setattr(subject, "_IN_FOLDER", os.O_RDONLY)
    monkeypatch.setattr(subject, "_require_bytes", lambda _stream, _name: None)


def above(_folder: Path, _secret: Path) -> str:
    return "../../secret"


def absolute(_: Path, secret: Path) -> str:
    return str(secret)


def linked(folder: Path, secret: Path) -> str:
    (folder / SHA256).symlink_to(secret)
    return SHA256


def in_a_linked_folder(folder: Path, secret: Path) -> str:
    folder.rmdir()
    secret.rename(secret.with_name(SHA256))
    folder.symlink_to(secret.parent)
    return SHA256


@pytest.mark.parametrize("is_guarded", [True, False])
@pytest.mark.parametrize("named", [above, absolute, linked, in_a_linked_folder])
def test_nothing_outside_is_read_and_without_the_guard_it_would_be(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: Callable[[Path, Path], str],
    *,
    is_guarded: bool,
) -> None:
    folder, secret = tmp_path / "in" / "files", tmp_path / "secret"
    folder.mkdir(parents=True)
    secret.write_bytes(SECRET)
    name = named(folder, secret)
    if is_guarded:
        with pytest.raises(Unusable):
            FileFolder(folder).opened(name)
        return
    unguarded(monkeypatch)
    with FileFolder(folder).opened(name) as stream:
        assert stream.read() == SECRET


def test_what_is_no_file_or_another_one_is_refused(tmp_path: Path) -> None:
    files = FileFolder(tmp_path)
    with pytest.raises(Unusable, match="it is missing in"):
        files.opened(SHA256)
    os.mkfifo(tmp_path / SHA256)
    with pytest.raises(Unusable, match="it is no file"):
        files.opened(SHA256)
    (tmp_path / SHA256).unlink()
    (tmp_path / SHA256).write_bytes(b"else")
    with pytest.raises(Unusable, match="it has other bytes than it had"):
        files.opened(SHA256)
    (tmp_path / SHA256).write_bytes(SECRET)
    with files.opened(SHA256) as stream:
        assert stream.read() == SECRET
