"""Clients, as the admins of their tenant see them."""

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.auth.v1 import user_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import time_text


def client_table(clients: Sequence[user_service_pb2.Client]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Name", "Kind", "Roles", "Redirect URIs", "Made", "Id"):
        table.add_column(column)
    for client in clients:
        table.add_row(
            Text(without_controls(client.display_name)),
            "public" if client.public else "with a secret",
            ", ".join(client.roles),
            Text(without_controls("\n".join(client.redirect_uris))),
            time_text(client.create_time),
            Text(client.client_id, style="dim"),
        )
    return table
