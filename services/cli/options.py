"""Options that mean the same on every command."""

from typing import Annotated

import typer

from services.cli.output import Format, choose_format
from services.cli.session import Role

TenantOption = Annotated[
    str | None,
    typer.Option("--tenant", "-t", help="The tenant's short name; the last used one if left out."),
]
RoleOption = Annotated[
    Role | None,
    typer.Option("--as", help="Which login of a demo tenant to use.", show_default=False),
]
OutputOption = Annotated[
    Format,
    typer.Option("--output", "-o", help="What to print.", callback=choose_format),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="The most rows to print.")]
