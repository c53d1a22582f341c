"""Signing keys, as their operator sees them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import RenderableType
from rich.table import Table

from helpdesk.auth.v1 import signing_key_service_pb2
from services.cli.screens.tickets import time_text


def key_table(keys: Sequence[signing_key_service_pb2.SigningKey]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Key", "State", "Signs from", "Until"):
        table.add_column(column)
    now = datetime.now(UTC)
    for key in keys:
        is_retired = key.HasField("retire_time")
        table.add_row(
            key.key_id,
            _state(key, now),
            time_text(key.activate_time),
            time_text(key.retire_time) if is_retired else "-",
        )
    return table


def _state(key: signing_key_service_pb2.SigningKey, now: datetime) -> str:
    if now < key.activate_time.ToDatetime(UTC):
        return "shown, not signing yet"
    if key.HasField("retire_time") and key.retire_time.ToDatetime(UTC) <= now:
        return "verifies only"
    return "signs"
