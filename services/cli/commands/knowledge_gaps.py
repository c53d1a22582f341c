"""`helpdesk kb gaps`."""

from typing import Annotated

import typer

from helpdesk.chat.v1 import gap_service_pb2
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show
from services.cli.screens.gaps import gap_list
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings


def report_gaps(
    *,
    days: Annotated[int, typer.Option(min=1, max=365, help="How far to look back.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show what people asked and no article answered, most asked first."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        report = gateway.gaps.ReportGaps(
            gap_service_pb2.ReportGapsRequest(days=days, page_size=limit)
        )
    if output is Format.JSON:
        write_message(report)
        return
    if report.gaps:
        show(gap_list(report.gaps))
    say(f"{report.question_count} unanswered questions in the last {days} days")
