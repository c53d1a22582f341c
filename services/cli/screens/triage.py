"""What triage found, and how often it was right."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import triage_service_pb2
from services.cli.output import without_controls

_BAR = 30
_LONGEST_EXCERPT = 300


def triage_page(triage: triage_service_pb2.Triage) -> RenderableType:
    head = Text(f"#{triage.ticket_number} ", style="bold cyan")
    head.append(_line(triage.subject), style="bold")
    outcome = triage_service_pb2.TriageOutcome.Name(triage.outcome)
    said = outcome.removeprefix("TRIAGE_OUTCOME_").lower().replace("_", " ")
    facts = f"{said}, asked for {triage.threshold:.2f}; in {_line(triage.queue)}"
    if triage.correct_label:
        facts += f"; a person said {_line(triage.correct_label)}"
    lines: list[RenderableType] = [
        Text(_line(triage.excerpt)[:_LONGEST_EXCERPT]),
        Text(facts, style="dim"),
    ]
    lines += [
        Text(f"{each.probability:6.1%}  {_bar(each.probability)}  {_line(each.label)}")
        for each in triage.candidates
    ]
    return Group(head, *(Padding.indent(line, 4) for line in lines))


def band_chart(bands: Sequence[triage_service_pb2.TriageBand]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Sure", "Tickets", "Looked at", "Right", ""):
        table.add_column(column, justify="left" if not column else "right")
    for band in bands:
        share = band.right / band.reviewed if band.reviewed else None
        table.add_row(
            f"{band.from_probability:.2f} to {band.until_probability:.2f}",
            str(band.tickets),
            str(band.reviewed),
            f"{share:.0%}" if share is not None else "-",
            _bar(share or 0.0),
        )
    return table


def drift_lines(drift: triage_service_pb2.TriageDrift) -> Iterator[str]:
    if not drift.enough:
        yield "too few tickets in the last 7 days, or the 28 before, to tell whether triage drifts"
        return
    before = drift.reference_accepted / drift.reference_tickets
    now = drift.recent_accepted / drift.recent_tickets
    accepted = f"{now:.0%} sure enough in the last 7 days, {before:.0%} in the 28 before"
    yield f"{_drifts(drift.accepted_drifting)}{accepted} (z {drift.accepted_z:+.1f})"
    index = f"index {drift.queues_index:.2f}, drift from {drift.queues_limit:.2f}"
    yield f"{_drifts(drift.queues_drifting)}mix of queues ({index})"
    if drift.queues_drifting:
        for each in drift.queues:
            shares = each.recent / drift.recent_accepted, each.reference / drift.reference_accepted
            yield f"  {_line(each.queue)}: {shares[0]:.0%}, {shares[1]:.0%} before"


def head_line(head: triage_service_pb2.TriageHead) -> str:
    if not head.tickets:
        wanted = f"{head.least_tickets} corrected tickets are needed"
        return f"no head of its own: {wanted}, and there are {head.corrections} corrections"
    rights = f"{head.head_right / head.tickets:.0%} right, {head.model_right / head.tickets:.0%}"
    learned = f"learned from {head.tickets} corrected tickets: {rights} without it"
    return f"its own head is in use, {learned}" if head.in_use else f"no head of its own, {learned}"


def _drifts(is_drifting: bool) -> str:
    return "DRIFT: " if is_drifting else ""


def settings_table(settings: triage_service_pb2.TriageSettings) -> RenderableType:
    table = Table("Label", "Queue", box=box.SIMPLE_HEAD, pad_edge=False)
    queues = {each.label: each.queue for each in settings.queues}
    for label in settings.labels:
        table.add_row(_line(label), _line(queues.get(label, "general")))
    state = "on" if settings.enabled else "off"
    return Group(Text(f"triage is {state}, acts from {settings.threshold:.2f}"), table)


def _bar(share: float) -> str:
    return "█" * round(share * _BAR)


def _line(text: str) -> str:
    return " ".join(without_controls(text).split())
