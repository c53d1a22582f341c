"""`helpdesk triage …`."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from helpdesk.ticket.v1 import triage_service_pb2
from services.cli.commands.ticket_calls import TicketArgument, open_gateway
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show
from services.cli.screens.triage import (
    band_chart,
    drift_lines,
    head_line,
    settings_table,
    triage_page,
)
from services.cli.session import Role

_SKIP, _QUIT = "s", "q"
_ALL_LABELS = "l"

app = typer.Typer(no_args_is_help=True)


@app.command("review")
def review(
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Look at the tickets that triage was not sure of, one key each; without a terminal, list
    them."""
    with open_gateway(tenant, role) as gateway:
        found = gateway.triage.ListReviews(triage_service_pb2.ListReviewsRequest(page_size=limit))
        if output is Format.JSON:
            write_message(found)
        elif not sys.stdin.isatty():
            for each in found.reviews:
                show(triage_page(each))
            say(f"{found.total_size} tickets wait for a person")
        else:
            _ask_for_each(gateway, found)


@app.command("classify")
def classify(
    ticket: TicketArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show what a ticket was found to be about."""
    with open_gateway(tenant, role) as gateway:
        request = triage_service_pb2.ClassifyTicketRequest(ticket_id=ticket)
        _show(gateway.triage.ClassifyTicket(request), output)


@app.command("correct")
def correct(
    ticket: TicketArgument,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="As `triage settings` lists them.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Say what a ticket is about; it goes to the queue of the label."""
    with open_gateway(tenant, role) as gateway:
        _show(_correct(gateway, ticket, label), output)


@app.command("report")
def report(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """How often triage was right, by how sure it was."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        found = gateway.triage.GetTriageReport(triage_service_pb2.GetTriageReportRequest())
    if output is Format.JSON:
        write_message(found)
        return
    show(band_chart(found.bands))
    say(f"{found.tickets} tickets looked at, {found.classified} of them without a person")
    for line in drift_lines(found.drift):
        say(line)
    say(head_line(found.head))


@app.command("settings")
def settings(
    *,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether new tickets are classified.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0.3, max=1, help="How sure it must be to act.")
    ] = None,
    queues: Annotated[
        list[str] | None,
        typer.Option("--queue", metavar="LABEL=QUEUE", help="Where a label goes; '' for general."),
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show the settings, or change those that are named."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        kept = gateway.triage.GetTriageSettings(triage_service_pb2.GetTriageSettingsRequest())
        if (enabled, threshold, queues) != (None, None, None):
            if enabled is not None:
                kept.enabled = enabled
            if threshold is not None:
                kept.threshold = threshold
            _take_queues(kept, queues or [])
            kept = gateway.triage.SetTriageSettings(
                triage_service_pb2.SetTriageSettingsRequest(settings=kept)
            )
    if output is Format.JSON:
        write_message(kept)
    else:
        show(settings_table(kept))


def _ask_for_each(gateway: Gateway, found: triage_service_pb2.ListReviewsResponse) -> None:
    settings = gateway.triage.GetTriageSettings(triage_service_pb2.GetTriageSettingsRequest())
    done = 0
    for each in found.reviews:
        show(triage_page(each))
        label = _ask(each, settings.labels)
        if label is None:
            break
        if label:
            corrected = _correct(gateway, each.ticket_id, label)
            say(f"#{corrected.ticket_number} is {label} and waits in {corrected.queue}")
            done += 1
    say(f"{done} done, {found.total_size - done} wait for a person")


def _ask(triage: triage_service_pb2.Triage, labels: Sequence[str]) -> str | None:
    """An empty word leaves the ticket for later; None ends the round."""
    offered = [candidate.label for candidate in triage.candidates] or list(labels)
    while True:
        for number, label in enumerate(offered, 1):
            say(f"  {number}  {label}")
        say(f"  {_ALL_LABELS}  all labels   {_SKIP}  skip   {_QUIT}  quit")
        key = typer.getchar()
        if key == _QUIT:
            return None
        if key == _SKIP:
            return ""
        if key == _ALL_LABELS:
            offered = list(labels)
        elif key.isdecimal() and 0 < int(key) <= len(offered):
            return offered[int(key) - 1]


def _correct(gateway: Gateway, ticket: str, label: str) -> triage_service_pb2.Triage:
    return gateway.triage.CorrectTriage(
        triage_service_pb2.CorrectTriageRequest(ticket_id=ticket, label=label)
    )


def _take_queues(settings: triage_service_pb2.TriageSettings, pairs: list[str]) -> None:
    queues = {each.label: each.queue for each in settings.queues}
    for pair in pairs:
        label, separator, queue = pair.partition("=")
        if not separator:
            raise CommandError(
                f"'{pair}' names no queue.",
                hint="helpdesk triage settings --queue Access=access",
                code="INPUT_INVALID",
            )
        queues[label] = queue
    del settings.queues[:]
    for label, queue in queues.items():
        if queue:
            settings.queues.add(label=label, queue=queue)


def _show(triage: triage_service_pb2.Triage, output: Format) -> None:
    if output is Format.JSON:
        write_message(triage)
    else:
        show(triage_page(triage))
