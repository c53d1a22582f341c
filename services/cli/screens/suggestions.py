"""What may help with a ticket: articles, and tickets like it."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from helpdesk.ticket.v1 import suggestion_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import status_text

_EXCERPT = 200


def article_list(found: suggestion_service_pb2.SuggestArticlesResponse) -> RenderableType:
    """Each article with the beginning of the passage for which it was found."""
    parts: list[RenderableType] = []
    if found.degraded:
        parts.append(Text("By keywords alone: the index is not at hand.", style="yellow"))
    for place, article in enumerate(found.articles, 1):
        head = Text(f"{place}. ", style="bold cyan")
        head.append(without_controls(article.title), style="bold")
        head.append(f"  {without_controls(article.source_uri)}", style="dim")
        parts += [head, Padding.indent(Text(_excerpt(article.text)), 3)]
    return Group(*parts) if parts else Text("No article fits.")


def similar_list(found: suggestion_service_pb2.ListSimilarTicketsResponse) -> RenderableType:
    """Each ticket with the words for which it was found, and the answer that solved it."""
    parts: list[RenderableType] = []
    for similar in found.similar_tickets:
        head = Text(f"#{similar.number} ", style="bold cyan")
        head.append(without_controls(similar.subject), style="bold")
        head.append("  ").append_text(status_text(similar.status))
        words = Text(f"{similar.score:.0%}: ", style="dim")
        words.append(without_controls(", ".join(similar.words)))
        parts += [head, Padding.indent(words, 3)]
        if similar.HasField("reply"):
            parts.append(Padding.indent(Text(f"→ {_excerpt(similar.reply.body)}"), 3))
    return Group(*parts) if parts else Text("No ticket is like it.")


def _excerpt(text: str) -> str:
    return shortened(" ".join(without_controls(text).split()))


def shortened(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rsplit(' ', 1)[0]} …"
