"""`helpdesk eval …`."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from helpdesk.search.v1 import evaluation_service_pb2
from services.cli.evaluation.golden_files import read_golden_set
from services.cli.evaluation.golden_sets import find_golden_set, list_golden_sets
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls
from services.cli.screens.evaluation import figure_table, golden_set_table
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As `eval list` shows it.")]


@app.command("retrieval")
def measure_retrieval(
    name: Annotated[str, typer.Option("--set", metavar="NAME", help="The golden set to ask.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Measure how well a golden set's questions find the articles that answer them.

    By keywords alone, by meaning alone, and by both as in every search; in brackets the 95 %
    interval. A question counts as found when one of its articles is.
    """
    with _gateway(tenant, role) as gateway:
        measured = gateway.evaluations.RunEvaluation(
            evaluation_service_pb2.RunEvaluationRequest(
                golden_set_id=find_golden_set(gateway, name)
            )
        )
    if output is Format.JSON:
        write_message(measured)
        return
    say(f"{without_controls(name)}: {measured.question_count} questions")
    if measured.degraded:
        say("the vector index is down: found by words alone", style="yellow")
    for source_uri in measured.missing_source_uris:
        say(f"no article has the source {without_controls(source_uri)}", style="yellow")
    show(figure_table(measured))


@app.command("put")
def put(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the golden set.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML with `questions`.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Store labelled questions as a golden set, in place of the one of this name.

    The file lists `questions`, each with a `question` and the `documents` that answer it, by
    their source as `kb list` shows it.
    """
    if not file.is_file():
        raise CommandError(
            f"{file} is not a file.", hint="helpdesk eval put NAME FILE", code="FILE_NOT_FOUND"
        )
    golden_set = read_golden_set(file, name)
    with _gateway(tenant, role) as gateway:
        kept = gateway.evaluations.PutGoldenSet(
            evaluation_service_pb2.PutGoldenSetRequest(golden_set=golden_set)
        )
    if output is Format.JSON:
        write_message(kept)
        return
    say(f"{without_controls(kept.name)}: {kept.question_count} questions")
    say(f"hint: helpdesk eval retrieval --set {without_controls(kept.name)}", style="dim")


@app.command("list")
def list_all(
    tenant: TenantOption = None, role: RoleOption = None, output: OutputOption = Format.TEXT
) -> None:
    """List the golden sets."""
    with _gateway(tenant, role) as gateway:
        found = list_golden_sets(gateway)
    if output is Format.JSON:
        write_message(evaluation_service_pb2.ListGoldenSetsResponse(golden_sets=found))
    else:
        show(golden_set_table(found))


@app.command("delete")
def delete(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Delete a golden set and its questions."""
    with _gateway(tenant, role) as gateway:
        golden_set_id = find_golden_set(gateway, name)
        if not yes and not typer.confirm(f"Delete {name}?", err=True):
            raise KeyboardInterrupt
        answer = gateway.evaluations.DeleteGoldenSet(
            evaluation_service_pb2.DeleteGoldenSetRequest(golden_set_id=golden_set_id)
        )
    if output is Format.JSON:
        write_message(answer)
    else:
        say(f"deleted {without_controls(name)}")


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)
