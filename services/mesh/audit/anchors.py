"""The heads of all chains, written down outside of the database once a minute.

A chain whose last records are cut off is a sound chain. Only who knows how long it was can tell.
Each line of a file carries a MAC of its own; whoever can take away lines as well should find the
files shipped to another machine.
"""

import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from services.mesh.audit.keys import AuditKeys, KeyMissing
from services.mesh.audit.record import MacKey

FORMAT = "helpdesk.audit.anchor.v1"
KEPT_FILES = 30


@dataclass(frozen=True, slots=True)
class Anchor:
    """A chain's head at one time."""

    at_microseconds: int
    tenant_id: str
    seq: int
    mac: str
    key_id: str


class AnchorsAltered(Exception):
    """A line among the anchors is not what was written."""


class Anchors:
    def __init__(self, folder: Path, keys: AuditKeys) -> None:
        self._folder = folder
        self._keys = keys
        self._file: Path | None = None
        self._known: dict[str, tuple[int, str]] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, heads: list[tuple[str, int, str]], at_microseconds: int) -> int:
        """Adds a line for each head that has moved, to a file of the day that begins with all."""
        day = datetime.fromtimestamp(at_microseconds / 1_000_000, UTC).date()
        file = self._folder / f"{day.isoformat()}.jsonl"
        if file != self._file:
            self._file, self._known = file, {}
            self._forget_old_files()
        moved = [head for head in heads if self._known.get(head[0]) != head[1:]]
        if moved:
            lines = [self._line(at_microseconds, *head) for head in moved]
            _append(file, "".join(lines))
            self._known.update({tenant_id: (seq, mac) for tenant_id, seq, mac in moved})
        return len(moved)

    def of_tenant(self, tenant_id: str) -> list[Anchor]:
        """Oldest first. Raises AnchorsAltered and KeyMissing."""
        quoted = json.dumps(tenant_id)
        return [
            self._checked(line, file)
            for file in self._files()
            for line in _whole_lines(file)
            if quoted in line
        ]

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.jsonl"))

    def _forget_old_files(self) -> None:
        for file in self._files()[:-KEPT_FILES]:
            file.unlink(missing_ok=True)

    def _line(self, at_microseconds: int, tenant_id: str, seq: int, mac: str) -> str:
        key_id, key = self._keys.signing()
        anchor = Anchor(at_microseconds, tenant_id, seq, mac, key_id)
        return json.dumps({**asdict(anchor), "line_mac": _line_mac(anchor, key)}) + "\n"

    def _checked(self, line: str, file: Path) -> Anchor:
        try:
            values = json.loads(line)
            line_mac = values.pop("line_mac")
            anchor = Anchor(**values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AnchorsAltered(f"a line of {file.name} is not an anchor") from error
        try:
            key = self._keys.find(anchor.key_id)
        except KeyMissing:
            raise AnchorsAltered(f"a line of {file.name} names an unknown key") from None
        if not hmac.compare_digest(str(line_mac), _line_mac(anchor, key)):
            raise AnchorsAltered(f"a line of {file.name} is not what was written")
        return anchor


def _line_mac(anchor: Anchor, key: MacKey) -> str:
    # JSON of an array marks where each text ends, so that none can be moved into the next.
    content = json.dumps([FORMAT, *asdict(anchor).values()], separators=(",", ":"))
    return key.mac(content.encode())


def _append(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as stream:
        # A process that was killed while it wrote leaves half a line, which must end here.
        size = stream.seek(0, os.SEEK_END)
        if size and (stream.seek(size - 1), stream.read(1))[1] != b"\n":
            text = f"\n{text}"
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())


def _whole_lines(file: Path) -> Iterator[str]:
    """Without what a killed process left half-written: an object that is not closed."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if line.rstrip().endswith("}"):
                yield line
