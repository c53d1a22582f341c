"""Some agents at one ticket: what was accepted is there, and what is there is in the log."""

from pathlib import Path

from services.mesh.database_address import AnyAddress
from tests.durability import agents
from tests.durability.controls import without_etags


async def test_no_accepted_edit_is_lost(database_url: AnyAddress, tmp_path: Path) -> None:
    outcome = await agents.run(database_url, tmp_path, agents=8, edits=2)

    assert outcome.faults == []
    assert len(outcome.told.words) == 16
    assert outcome.told.refusals["TICKET_CHANGED"]


def test_without_etags_edits_would_be_lost(tmp_path: Path) -> None:
    assert any(fault.startswith("accepted and lost") for fault in without_etags(tmp_path))
