"""The versions of an article, page by page."""

from helpdesk.search.v1 import search_pb2, version_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway


def list_versions(
    gateway: Gateway, document_id: str, most: int
) -> list[search_pb2.DocumentVersion]:
    """Newest first."""
    versions: list[search_pb2.DocumentVersion] = []
    token = ""
    while True:
        page = gateway.versions.ListDocumentVersions(
            version_service_pb2.ListDocumentVersionsRequest(
                document_id=document_id, page_size=min(most, 100), page_token=token
            )
        )
        versions += page.versions
        token = page.next_page_token
        if not token or len(versions) >= most:
            return versions[:most]


def versions_to_compare(
    gateway: Gateway, document_id: str, old: int | None, new: int | None
) -> tuple[int, int]:
    """Left out, they are the newest one and the one before it."""
    if old is not None and new is not None:
        return old, new
    known = [version.version for version in list_versions(gateway, document_id, 100)]
    if old is not None:
        return old, known[0]
    if len(known) == 1:
        raise CommandError(
            "The article has one version only.",
            hint="helpdesk kb show DOCUMENT",
            code="ONE_VERSION",
        )
    return known[1], known[0]
