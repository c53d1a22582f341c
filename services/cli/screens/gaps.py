"""Questions that no article answered."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from helpdesk.chat.v1 import gap_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import time_text


def gap_list(gaps: Sequence[gap_service_pb2.Gap]) -> RenderableType:
    return Group(*(part for gap in gaps for part in _parts(gap)))


def _parts(gap: gap_service_pb2.Gap) -> list[RenderableType]:
    head = Text(f"{gap.count}x ", style="bold cyan")
    head.append(_line(gap.question), style="bold")
    head.append(f"  last {time_text(gap.last_time)}", style="dim")
    lines = [Text(f"also: {_line(example)}") for example in gap.examples]
    if gap.nearest_articles:
        named = ", ".join(_line(article.source_uri) for article in gap.nearest_articles)
        lines.append(Text(f"nearest: {named}", style="dim"))
    return [head, *(Padding.indent(line, 4) for line in lines)]


def _line(text: str) -> str:
    return " ".join(without_controls(text).split())
