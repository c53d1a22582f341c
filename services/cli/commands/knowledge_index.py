"""`helpdesk kb index`."""

import time
from typing import Annotated

import typer

from helpdesk.search.v1 import index_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, write
from services.cli.screens.import_progress import import_progress
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

_SECONDS_BETWEEN_LOOKS = 0.5


def look_after_index(
    *,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write it anew out of the database, and wait.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show whether the index holds what is stored, or write it anew.

    Searches go on while it is written. Ctrl-C stops the waiting only.
    """
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        status = _rebuilt(gateway) if rebuild else _status(gateway)
    if output is Format.JSON:
        write_message(status)
    else:
        write(f"{told(status)}\n")
    if not status.available:
        raise CommandError(
            "The index is not available; searches are answered by keywords alone.",
            hint="helpdesk status",
        )


def told(status: index_service_pb2.IndexStatus) -> str:
    """Who answers is named when it is another one than the encoder of the settings."""
    counts = f"{status.document_count} documents, {status.behind_count} behind"
    line = f"{counts}, encoder {status.encoder}"
    if not status.behind_count:
        return line
    if not status.serving_encoder:
        return f"{line}; until then searches are answered by keywords alone"
    return f"{line}; until then {status.serving_encoder} answers"


def _rebuilt(gateway: Gateway) -> index_service_pb2.IndexStatus:
    status = gateway.index.RebuildIndex(index_service_pb2.RebuildIndexRequest())
    left = status.rebuilding_count
    with import_progress(left, "writing the index") as progress:
        while status.rebuilding_count and status.available:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            status = _status(gateway)
            for _ in range(left - status.rebuilding_count):
                progress("")
            left = status.rebuilding_count
    return status


def _status(gateway: Gateway) -> index_service_pb2.IndexStatus:
    return gateway.index.GetIndexStatus(index_service_pb2.GetIndexStatusRequest())
