"""An answer with its numbered citations."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from helpdesk.chat.v1 import chat_pb2
from services.cli.output import without_controls


def citations(message: chat_pb2.Message) -> RenderableType:
    return Group(*(_citation(citation) for citation in message.citations))


def nearest_articles(message: chat_pb2.Message) -> RenderableType:
    if not message.nearest_articles:
        return Text("The knowledge base has no article near this question.", style="dim")
    lines = [Text("The nearest articles:", style="bold")]
    for article in message.nearest_articles:
        line = Text(f"  • {without_controls(article.title)}")
        lines.append(line.append(f"  {without_controls(article.source_uri)}", style="dim"))
    return Group(*lines)


def _citation(citation: chat_pb2.Citation) -> RenderableType:
    head = Text(f"[{citation.number}] ", style="bold cyan")
    head.append(without_controls(citation.title), style="bold")
    head.append(f"  {without_controls(citation.source_uri)}", style="dim")
    quote = Text(f"“{without_controls(citation.quote)}”", style="italic")
    return Group(head, Padding.indent(quote, 4))
