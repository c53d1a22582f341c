"""A copy of the tracked files in which something was changed, to see whether anybody notices."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.mesh.settings import REPOSITORY

_LARGE = 1024 * 1024


@dataclass(frozen=True)
class Change:
    """A defence taken away: `text` stands exactly once in `file`."""

    file: str
    text: str
    replacement: str

    def apply(self, tree: Path) -> None:
        """Raises LookupError when the text is not found exactly once."""
        file = tree / self.file
        content = file.read_text() if file.exists() else ""
        if content.count(self.text) != 1:
            raise LookupError(
                f"{self.file} holds this {content.count(self.text)} times, not once: {self.text!r}"
            )
        file.write_text(content.replace(self.text, self.replacement))


@contextmanager
def changed_tree(*changes: Change) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="helpdesk-changed-") as folder:
        tree = Path(folder) / "tree"
        copy_tree(tree)
        for change in changes:
            change.apply(tree)
        yield tree


def copy_tree(tree: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        source = REPOSITORY / name
        if not name or not source.is_file():
            continue
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.stat().st_size > _LARGE:
            target.symlink_to(source)
        else:
            shutil.copy2(source, target)
