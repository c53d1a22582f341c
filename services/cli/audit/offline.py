"""Proves an export by the services' keys alone, without asking a service that might lie."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.cli.audit.lines import LineBroken, service_and_row
from services.cli.failures import CommandError
from services.mesh.audit.chain import ChainCheck
from services.mesh.audit.keys import KeyMissing, read_key
from services.mesh.audit.record import COLUMNS, MacKey
from services.mesh.ids import is_id

_TENANT = COLUMNS.index("tenant_id")


@dataclass(frozen=True)
class Proof:
    service: str
    tenant_id: str
    sound_count: int
    bad_seq: int = 0
    what: str = ""

    @property
    def is_sound(self) -> bool:
        return not self.what


class GivenKeys:
    """Key files by the ids that they are named after; a file of another name serves for all."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_id: dict[str, MacKey] = {}
        self._other: MacKey | None = None
        for path in paths:
            files = [path] if path.is_file() else [*path.glob("**/audit-keys/*"), *path.glob("*")]
            for file in files:
                self._read(file, is_named=path.is_file())

    def find(self, key_id: str) -> MacKey:
        """Raises KeyMissing."""
        key = self._by_id.get(key_id, self._other)
        if key is None:
            raise KeyMissing(key_id)
        return key

    def _read(self, file: Path, *, is_named: bool) -> None:
        if not is_named and not is_id(file.name):
            return
        try:
            key = read_key(file)
        except (OSError, ValueError):
            raise CommandError(f"{file} holds no audit key.", code="KEY_INVALID") from None
        if is_id(file.name):
            self._by_id[file.name] = key
        else:
            self._other = key


def prove(file: Path, keys: GivenKeys) -> list[Proof]:
    checks: dict[tuple[str, str], ChainCheck] = {}
    for service, row in _rows(file):
        checks.setdefault((service, str(row[_TENANT])), ChainCheck(keys.find)).feed([row])
    return [
        Proof(service, tenant_id, check.sound_count, check.fault.seq, check.fault.description)
        if check.fault
        else Proof(service, tenant_id, check.sound_count)
        for (service, tenant_id), check in sorted(checks.items())
    ]


def _rows(file: Path) -> Iterator[tuple[str, tuple[object, ...]]]:
    with file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield service_and_row(line)
            except LineBroken:
                raise CommandError(
                    f"Line {number} of {file} is no audit record.", code="EXPORT_BROKEN"
                ) from None
