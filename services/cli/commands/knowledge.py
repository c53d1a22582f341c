"""`helpdesk kb …`."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from helpdesk.search.v1 import search_pb2, search_service_pb2
from services.cli.commands import knowledge_access, knowledge_history
from services.cli.commands.knowledge_gaps import report_gaps
from services.cli.commands.knowledge_index import look_after_index
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.knowledge.categories import list_categories
from services.cli.knowledge.exporter import export, require_empty
from services.cli.knowledge.files import look_into
from services.cli.knowledge.importer import Importer, find_document, list_documents
from services.cli.knowledge.readers import readers_from, words_of
from services.cli.messages import write_message
from services.cli.options import LimitOption, OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls, write
from services.cli.screens.export import show_export
from services.cli.screens.import_progress import import_progress, say_ignored, show_report
from services.cli.screens.knowledge import document_table, results
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)
app.add_typer(knowledge_access.app, name="access", help="Who may read which articles.")
app.add_typer(knowledge_history.app)
app.command("gaps")(report_gaps)
app.command("index")(look_after_index)

DocumentArgument = Annotated[
    str, typer.Argument(metavar="DOCUMENT", help="Its source, as `kb list` shows it, or its id.")
]


@app.command("import")
def import_folder(
    folder: Annotated[
        Path, typer.Argument(help="Every Markdown, text, HTML, PDF or Word file below is taken.")
    ],
    *,
    category: Annotated[
        str | None, typer.Option(help="Theirs all; if left out, each front matter's.")
    ] = None,
    reader: knowledge_access.ReaderOption = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Bring a folder of articles into the knowledge base.

    Run it again at any time: what has not changed is skipped, so that an import that was
    interrupted goes on where it stopped.

    What is no Markdown is converted. The front matter of Markdown and text may say an article's
    `title`, its `category`, its `readers`, its `state` (draft, published or archived), and the
    dates `effective_from` and `effective_until`.
    """
    if not folder.is_dir():
        raise CommandError(
            f"{folder} is not a folder.", hint="helpdesk kb import DIR --tenant TENANT"
        )
    found = look_into(folder)
    if not found.articles:
        raise CommandError(
            f"{folder} holds no Markdown, text, HTML, PDF or Word files.",
            hint="name the folder with the articles",
        )
    with _gateway(tenant, role, Role.ADMIN) as gateway:
        known = {document.source_uri: document for document in list_documents(gateway)}
        readers = readers_from(gateway, reader) if reader else None
        importer = Importer(gateway, known, category=category or "", readers=readers)
        try:
            with import_progress(len(found.articles)) as progress:
                importer.run(folder, found.articles, progress)
        finally:
            say_ignored(found.others)
            show_report(importer.report, output)
    if importer.report.failed:
        raise typer.Exit(1)


@app.command("export")
def export_folder(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Write all articles to a folder, as Markdown that `kb import` brings back to the letter.

    Above each article stands what belongs to it: title, category, readers, state and dates. Lists
    of who may read a category are not in it: see `kb access show`.
    """
    require_empty(folder)
    with _gateway(tenant, role, Role.ADMIN) as gateway:
        documents = list_documents(gateway)
        with import_progress(len(documents), "exporting") as progress:
            report = export(gateway, documents, folder, progress)
        is_closed = [one.category for one in list_categories(gateway) if words_of(one.readers)]
    show_export(report, folder, is_closed, output)


@app.command("list")
def list_articles(
    limit: LimitOption = 1000,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the articles of the knowledge base."""
    with _gateway(tenant, role, Role.AGENT) as gateway:
        documents = list_documents(gateway)[:limit]
        if output is Format.JSON:
            write_message(search_service_pb2.ListDocumentsResponse(documents=documents))
        else:
            show(document_table(documents))


@app.command("search")
def search(
    query: Annotated[str, typer.Argument(help="What to look for, in plain words.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="The most passages to print.")] = 5,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Find the passages that fit a question best."""
    with _gateway(tenant, role, Role.CUSTOMER) as gateway:
        found = gateway.search.SearchPassages(
            search_service_pb2.SearchPassagesRequest(query=query, page_size=limit)
        )
        if output is Format.JSON:
            write_message(found)
            return
        if found.degraded:
            say("the vector index is down: found by words alone", style="yellow")
        if found.other_language:
            say(
                f"the question is in another language ({found.question_language}) than the articles"
            )
        if not found.results:
            say("nothing found")
        show(results(found.results))


@app.command("show")
def show_article(
    document: DocumentArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Print an article as it was put in."""
    with _gateway(tenant, role, Role.AGENT) as gateway:
        found = _find(gateway, document)
        if output is Format.JSON:
            write_message(found)
        else:
            write(without_controls(found.content).rstrip("\n") + "\n")


@app.command("delete")
def delete_article(
    document: DocumentArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Remove an article from the knowledge base."""
    with _gateway(tenant, role, Role.ADMIN) as gateway:
        found = _find(gateway, document)
        if not yes and not typer.confirm(f"Remove {found.source_uri}?", err=True):
            raise KeyboardInterrupt
        answer = gateway.search.DeleteDocument(
            search_service_pb2.DeleteDocumentRequest(document_id=found.document_id)
        )
        if output is Format.JSON:
            write_message(answer)
        else:
            say(f"removed {found.source_uri}")


def _find(gateway: Gateway, name: str) -> search_pb2.KnowledgeDocument:
    return gateway.search.GetDocument(
        search_service_pb2.GetDocumentRequest(document_id=find_document(gateway, name))
    )


def _gateway(
    tenant: str | None, role: Role | None, usually: Role
) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=usually)
