"""Writes the chains of all services into one file, and goes on where it was left."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.cli.audit.lines import LineBroken, line_of, service_and_row
from services.cli.audit.reading import records_after
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.mesh.audit.record import COLUMNS, SEQ

_TENANT = COLUMNS.index("tenant_id")


def export(gateway: Gateway, services: Sequence[str], file: Path) -> Counter[str]:
    """Returns how many records of each service were added."""
    written, tenants = _cut_to_whole_lines(file)
    added: Counter[str] = Counter()
    with file.open("a", encoding="utf-8") as stream:
        for service in services:
            for read in records_after(gateway, service, written[service]):
                if tenants and read.record.tenant_id not in tenants:
                    raise CommandError(
                        f"{file} holds the records of another tenant.",
                        hint="name another file with --output",
                        code="EXPORT_OF_ANOTHER_TENANT",
                    )
                stream.write(line_of(read))
                added[service] += 1
    file.chmod(0o600)
    return added


def _cut_to_whole_lines(file: Path) -> tuple[Counter[str], set[str]]:
    """The last record of each service that is there. Half a line at the end is taken away."""
    last: Counter[str] = Counter()
    tenants: set[str] = set()
    if not file.exists():
        return last, tenants
    whole = 0
    for number, line in enumerate(_lines(file), 1):
        if not line.endswith(b"\n"):
            break
        try:
            service, row = service_and_row(line.decode())
            last[service] = max(last[service], int(str(row[SEQ])))
        except (LineBroken, ValueError):
            raise CommandError(
                f"Line {number} of {file} is no audit record; nothing was added.",
                hint="name another file with --output",
                code="EXPORT_BROKEN",
            ) from None
        tenants.add(str(row[_TENANT]))
        whole += len(line)
    with file.open("r+b") as stream:
        stream.truncate(whole)
    return last, tenants


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        yield from stream
