"""What Temporal keeps of workflows from before is gone on with by the code of today."""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from services.ticket.engines.temporal.sealing import sealing_converter
from services.ticket.engines.temporal.workflow import Order, RouteTicket
from tests.ticket.routing.record_histories import HISTORIES, KEYS

RECORDED = sorted(HISTORIES.glob("*.json"))


def history_of(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json("ticket-routing-recorded", file.read_text())


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
async def test_a_recorded_history_replays(file: Path) -> None:
    replayer = Replayer(workflows=[RouteTicket], data_converter=sealing_converter(KEYS))
    await replayer.replay_workflow(history_of(file))


async def test_control_a_workflow_that_does_something_else_does_not() -> None:
    replayer = Replayer(workflows=[Hasty], data_converter=sealing_converter(KEYS))
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(history_of(RECORDED[0]))


@workflow.defn(name="RouteTicket", sandboxed=False)
class Hasty:
    @workflow.run
    async def run(self, order: Order) -> None:
        await workflow.sleep(60)

    @workflow.signal
    def ticket_changed(self) -> None:
        """Nothing."""
