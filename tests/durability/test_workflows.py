"""A few of the workflows of `make durability`, killed at every boundary of a step."""

import asyncio
from pathlib import Path

from services.ticket.routing.steps import EFFECTS, StepKind
from tests.durability import workflows
from tests.durability.controls import without_ledger
from tests.durability.kill_points import ANY, IN_PROCESS, TIMER, KillPoint
from tests.ticket.routing.temporal_server import needs_temporal

# Each costs the ten seconds after which Temporal gives an attempt up.
_ON_TEMPORAL = {
    (KillPoint.BOOKED, ANY),
    (KillPoint.COMMITTED, TIMER),
    (KillPoint.WRITTEN, StepKind.ESCALATE.value),
    (KillPoint.COMMITTED, StepKind.CLOSE.value),
}


def test_each_ticket_is_closed_and_each_effect_comes_once(tmp_path: Path) -> None:
    outcome = asyncio.run(workflows.run(tmp_path, 2, on_temporal=False))

    assert outcome.faults == []
    assert outcome.closed == outcome.once == 2
    assert outcome.kills.keys() == IN_PROCESS
    assert len({point for point, _ in outcome.kills}) == len(KillPoint) >= 10
    assert {step for _, step in outcome.kills} == {*EFFECTS, TIMER, ANY}


def test_so_it_is_on_postgresql_which_is_killed_as_well(tmp_path: Path) -> None:
    outcome = asyncio.run(workflows.run(tmp_path, 2, on_temporal=False, on_postgresql=True))

    assert outcome.faults == []
    assert outcome.closed == outcome.once == 2
    assert outcome.kills.keys() == IN_PROCESS
    assert outcome.server_kills >= 1


@needs_temporal
def test_so_it_is_on_temporal_whose_server_is_killed_as_well(tmp_path: Path) -> None:
    running = workflows.run(tmp_path, 2, on_temporal=True, places=_ON_TEMPORAL)
    outcome = asyncio.run(running)

    assert outcome.faults == []
    assert outcome.closed == outcome.once == 2
    assert outcome.kills.keys() == _ON_TEMPORAL
    assert outcome.server_kills >= 1


def test_without_the_ledger_customers_would_be_told_twice(tmp_path: Path) -> None:
    assert without_ledger(tmp_path)
