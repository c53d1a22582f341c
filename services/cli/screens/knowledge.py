"""Documents and passages of the knowledge base."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from helpdesk.search.v1 import publication_pb2, readers_pb2, search_pb2
from services.cli.knowledge.readers import words_of
from services.cli.output import without_controls
from services.cli.screens.history import dates_text, state_text
from services.cli.screens.tickets import time_text

_UNPUBLISHED = (publication_pb2.DOCUMENT_STATE_DRAFT, publication_pb2.DOCUMENT_STATE_ARCHIVED)


def document_table(documents: Sequence[search_pb2.KnowledgeDocument]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    is_any_restricted = any(document.restricted for document in documents)
    is_any_unpublished = any(map(_is_unpublished, documents))
    columns = ("Source", "Title", "Category", "Version", "Passages", "Changed")
    more = [
        *(["State"] if is_any_unpublished else []),
        *(["Readers"] if is_any_restricted else []),
    ]
    for column in (*columns, *more):
        table.add_column(column, justify="right" if column in ("Version", "Passages") else "left")
    for document in documents:
        table.add_row(
            Text(without_controls(document.source_uri)),
            Text(without_controls(document.title)),
            Text(without_controls(document.category)),
            str(document.version),
            str(document.chunk_count),
            time_text(document.update_time),
            *([_state(document)] if is_any_unpublished else []),
            *([Text(_readers(document))] if is_any_restricted else []),
        )
    return table


def category_table(categories: Sequence[readers_pb2.Category]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Category", "Readers", "Articles"):
        table.add_column(column, justify="right" if column == "Articles" else "left")
    for one in categories:
        table.add_row(
            Text(without_controls(one.category)),
            Text(without_controls(words_of(one.readers)) or "everybody"),
            str(one.document_count),
        )
    return table


def results(found: Sequence[search_pb2.SearchResult]) -> RenderableType:
    return Group(*(_result(rank, result) for rank, result in enumerate(found, start=1)))


def _is_unpublished(document: search_pb2.KnowledgeDocument) -> bool:
    return document.state in _UNPUBLISHED or document.HasField("effective_dates")


def _state(document: search_pb2.KnowledgeDocument) -> Text:
    text = state_text(document.state)
    if document.published_version not in (0, document.version):
        text.append(f", published is {document.published_version}")
    if document.HasField("effective_dates"):
        text.append(f" {dates_text(document.effective_dates)}")
    return text


def _readers(document: search_pb2.KnowledgeDocument) -> str:
    if not document.restricted:
        return ""
    if not document.HasField("readers"):
        return "restricted"
    return without_controls(words_of(document.readers)) or "as its category"


def _result(rank: int, result: search_pb2.SearchResult) -> RenderableType:
    head = Text(f"{rank}. ", style="bold cyan")
    head.append(" / ".join(map(without_controls, (result.title, *result.headings))), style="bold")
    head.append(f"  {without_controls(result.source_uri)}  {result.score:.2f}", style="dim")
    return Group(head, Padding.indent(Text(f"{without_controls(result.text)}\n"), 3))
