"""Audit records and what a verification found."""

from collections.abc import Mapping, Sequence
from datetime import UTC

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.common.v1 import audit_pb2
from services.cli.audit.lines import outcome_of
from services.cli.audit.reading import Read

_COLOURS = {"COMMITTED": "green", "REFUSED": "red", "REPLAYED": "dim", "ANSWERED": "dim"}
_WIDTHS = (19, 8, 7, 20, 22, 44, 9)


def record_lines(reads: Sequence[Read], names: Mapping[str, str], *, headed: bool) -> Table:
    """Fixed widths, so that the lines that follow later stand under the first ones."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=headed)
    columns = ("Time (UTC)", "Service", "Record", "Who", "What", "On", "Result")
    for column, width in zip(columns, _WIDTHS, strict=True):
        is_last = column == "Result"
        table.add_column(column, min_width=width, no_wrap=not is_last)
    for service, record in reads:
        table.add_row(
            _moment(record),
            service,
            str(record.seq),
            _who(record, names),
            record.method.rpartition("/")[2],
            " ".join(filter(None, (record.resource_kind, record.resource_id))),
            _result(record),
        )
    return table


def verdict_lines(verdicts: Mapping[str, audit_pb2.AuditVerdict]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Service", "Sound records", "Anchors", "Newest anchor (UTC)", "Verdict"):
        is_number = column in ("Sound records", "Anchors")
        table.add_column(column, justify="right" if is_number else "left")
    for service, verdict in verdicts.items():
        anchored = verdict.anchor_time.ToDatetime(UTC) if verdict.HasField("anchor_time") else None
        table.add_row(
            service,
            f"{verdict.sound_count:,}",
            f"{verdict.anchor_count:,}",
            f"{anchored:%Y-%m-%d %H:%M:%S}" if anchored else "none yet",
            _verdict(verdict),
        )
    return table


def _verdict(verdict: audit_pb2.AuditVerdict) -> Text:
    if not verdict.HasField("fault"):
        return Text("sound", style="green")
    return Text(verdict.fault.description, style="bold red")


def _moment(record: audit_pb2.AuditRecord) -> str:
    return f"{record.create_time.ToDatetime(UTC):%Y-%m-%d %H:%M:%S}"


def _who(record: audit_pb2.AuditRecord, names: Mapping[str, str]) -> str:
    who = names.get(record.user_id, record.user_id) or "nobody"
    through = record.calling_service
    return who if through in ("", "gateway") else f"{who} through {through}"


def _result(record: audit_pb2.AuditRecord) -> Text:
    outcome = outcome_of(record)
    words = [outcome.lower(), record.reason or (record.code if record.code != "OK" else "")]
    if record.count > 1:
        words.append(f"{record.count} times")
    return Text(" ".join(filter(None, words)), style=_COLOURS.get(outcome, ""))
