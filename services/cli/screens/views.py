"""Views with the number of their tickets."""

from collections.abc import Iterable

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import view_service_pb2
from services.cli.output import without_controls


def view_table(views: Iterable[view_service_pb2.View]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("View", style="bold")
    table.add_column("Tickets", justify="right")
    table.add_column("For")
    table.add_column("Filter", style="dim")
    for view in views:
        more = "+" if view.more_tickets else ""
        table.add_row(
            Text(without_controls(view.name)),
            f"{view.ticket_count:,}{more}",
            "everybody" if view.shared else "you",
            Text(without_controls(view.filter)),
        )
    return table
