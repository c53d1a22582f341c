"""A record as a line of JSON: what an export holds, and all that its MAC covers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from helpdesk.common.v1 import audit_pb2
from services.cli.audit.reading import Read
from services.mesh.audit.record import COLUMNS

_PREFIX = "AUDIT_OUTCOME_"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[object, ...]


class LineBroken(ValueError):
    """A line is not a record."""


def line_of(read: Read) -> str:
    return json.dumps(values_of(read), ensure_ascii=False, separators=(",", ":")) + "\n"


def values_of(read: Read) -> dict[str, object]:
    """The record's fields under the contract's names."""
    record = read.record
    values: dict[str, object] = {"service": read.service}
    for field in audit_pb2.AuditRecord.DESCRIPTOR.fields:
        values[field.name] = getattr(record, field.name)
    moment = _EPOCH + timedelta(microseconds=record.create_time.ToMicroseconds())
    values["create_time"] = moment.isoformat(timespec="microseconds")
    values["outcome"] = outcome_of(record)
    return values


def outcome_of(record: audit_pb2.AuditRecord) -> str:
    return audit_pb2.AuditOutcome.Name(record.outcome).removeprefix(_PREFIX)


def service_and_row(line: str) -> tuple[str, Row]:
    """The row as it is in the service's database. Raises LineBroken."""
    try:
        values: dict[str, Any] = json.loads(line)
        moment = datetime.fromisoformat(values["create_time"])
        values["at_microseconds"] = (moment - _EPOCH) // timedelta(microseconds=1)
        return str(values["service"]), tuple(values[name] for name in COLUMNS)
    except (ValueError, KeyError, TypeError) as error:
        raise LineBroken(str(error)) from error
