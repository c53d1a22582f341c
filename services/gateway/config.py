"""The vocabulary of Envoy's configuration: nested dictionaries, typed messages, durations."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeAlias

Config: TypeAlias = Mapping[str, object]

_TYPES = "type.googleapis.com/envoy"


def typed(message: str, **fields: object) -> Config:
    """A message inside an `Any`: `typed("extensions.filters.http.cors.v3.Cors")`."""
    return {"@type": f"{_TYPES}.{message}", **fields}


def seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():g}s"


def socket_address(host: str, port: int) -> Config:
    return {"socket_address": {"address": host, "port_value": port}}
