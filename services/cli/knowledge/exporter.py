"""Writes articles to a folder, so that an import brings them back to the letter."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk.search.v1 import search_pb2, search_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.knowledge.exported import file_of
from services.cli.knowledge.paths import Paths


@dataclass
class ExportReport:
    """`behind_drafts` are published versions that have a newer draft, which is what was written."""

    written: list[str] = field(default_factory=list)
    behind_drafts: list[str] = field(default_factory=list)


def require_empty(folder: Path) -> None:
    """What stood in the folder before would be imported with the articles."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(
            f"{folder} is not an empty folder.",
            hint="helpdesk kb export NEW_FOLDER --tenant TENANT",
            code="FOLDER_NOT_EMPTY",
        )


def export(
    gateway: Gateway,
    documents: Iterable[search_pb2.KnowledgeDocument],
    folder: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> ExportReport:
    report = ExportReport()
    paths = Paths()
    for listed in documents:
        document = gateway.search.GetDocument(
            search_service_pb2.GetDocumentRequest(document_id=listed.document_id)
        )
        path = paths.of(document.source_uri)
        _write(folder / path, file_of(document, path))
        report.written.append(path)
        if document.published_version not in (0, document.version):
            report.behind_drafts.append(document.source_uri)
        progress(path)
    return report


def _write(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Never through a link that somebody has laid there meanwhile.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(file, flags, 0o600), "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise CommandError(
            f"{file} cannot be written: {error.strerror}.",
            hint="name an empty folder on a disk with room",
            code="FILE_NOT_WRITTEN",
        ) from None
