"""`helpdesk kb history`, `diff`, `publish`, `archive` and `rollback`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from helpdesk.search.v1 import (
    publication_pb2,
    publication_service_pb2,
    search_pb2,
    version_service_pb2,
)
from services.cli.knowledge.importer import find_document
from services.cli.knowledge.versions import list_versions, versions_to_compare
from services.cli.messages import write_message
from services.cli.options import LimitOption, OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls
from services.cli.screens.history import beside_the_content, dates_text, difference, version_table
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer()

DocumentArgument = Annotated[
    str,
    typer.Argument(metavar="DOCUMENT", help="Its source, as `kb list` shows it, or its id."),
]


@app.command("history")
def show_history(
    document: DocumentArgument,
    limit: LimitOption = 50,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the versions of an article, newest first."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        versions = list_versions(gateway, find_document(gateway, document), limit)
    if output is Format.JSON:
        write_message(version_service_pb2.ListDocumentVersionsResponse(versions=versions))
        return
    show(version_table(versions))
    if len(versions) > 1:
        say(f"hint: helpdesk kb diff {document} {versions[1].version} {versions[0].version}")


@app.command("diff")
def show_difference(
    document: DocumentArgument,
    old: Annotated[
        int | None, typer.Argument(min=1, help="A version; the one before the newest if left out.")
    ] = None,
    new: Annotated[
        int | None, typer.Argument(min=1, help="Another version; the newest if left out.")
    ] = None,
    *,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show what changed from one version of an article to another."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        document_id = find_document(gateway, document)
        before, after = versions_to_compare(gateway, document_id, old, new)
        compared = gateway.versions.DiffDocumentVersions(
            version_service_pb2.DiffDocumentVersionsRequest(
                document_id=document_id, old_version=before, new_version=after
            )
        )
    if output is Format.JSON:
        write_message(compared)
        return
    for sentence in beside_the_content(compared):
        say(sentence)
    if not compared.hunks:
        say(f"versions {before} and {after} have the same content")
        return
    show(difference(compared), soft_wrap=True)
    if compared.truncated:
        say("there is more than is shown", style="yellow")


@app.command("publish")
def publish_article(
    document: DocumentArgument,
    version: Annotated[
        int | None, typer.Option(min=1, help="Only if this is the newest version.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Publish the newest version of an article, or bring an archived one back."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        answer = gateway.publications.PublishDocument(
            publication_service_pb2.PublishDocumentRequest(
                document_id=find_document(gateway, document), version=version or 0
            )
        )
    _tell(answer, f"version {answer.version} is published", output)


@app.command("archive")
def archive_article(
    document: DocumentArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Take an article out of the results and keep it; citations still open it."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        answer = gateway.publications.ArchiveDocument(
            publication_service_pb2.ArchiveDocumentRequest(
                document_id=find_document(gateway, document)
            )
        )
    _tell(answer, "archived", output)


@app.command("rollback")
def roll_back_article(
    document: DocumentArgument,
    version: Annotated[int, typer.Argument(min=1, help="The version to bring back.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Bring an older version of an article back, as a new version.

    Who may read it and its category stay as they are.
    """
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        answer = gateway.versions.RollBackDocument(
            version_service_pb2.RollBackDocumentRequest(
                document_id=find_document(gateway, document), version=version
            )
        )
    _tell(answer, f"version {answer.version} says what version {version} said", output)


def _tell(document: search_pb2.KnowledgeDocument, what: str, output: Format) -> None:
    if output is Format.JSON:
        write_message(document)
        return
    say(f"{without_controls(document.source_uri)}: {what}")
    if document.state == publication_pb2.DOCUMENT_STATE_DRAFT:
        say(f"it is a draft: helpdesk kb publish {document.source_uri}")
    if not _holds_now(document.effective_dates):
        say(f"nobody finds it now: {dates_text(document.effective_dates)}", style="yellow")


def _holds_now(dates: publication_pb2.EffectiveDates) -> bool:
    now = datetime.now(UTC)
    has_begun = not dates.HasField("effective_from") or dates.effective_from.ToDatetime(UTC) <= now
    ends_later = (
        not dates.HasField("effective_until") or dates.effective_until.ToDatetime(UTC) > now
    )
    return has_begun and ends_later
