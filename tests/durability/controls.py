"""The same without one of the defences, which must not go well."""

import asyncio
from pathlib import Path
from unittest.mock import patch

from services.ticket.use_cases import ticketing
from tests.durability import agents, kills, workflows
from tests.durability.desk import Victim

# Of what is under way in Envoy some is done already, but not at each kill.
_KILLS = 6
_RUNS = 6


def without_request_ids(folder: Path) -> list[str]:
    """Whoever asks again has it done again."""
    for number in range(_RUNS):
        (folder / str(number)).mkdir()
        killing = kills.run(
            folder / str(number),
            _KILLS,
            on_postgresql=False,
            with_request_id=False,
            victims=[Victim.ENVOY],
            seed=number,
        )
        if faults := asyncio.run(killing).faults:
            return faults
    return []


def without_etags(folder: Path) -> list[str]:
    """Whoever writes last has never heard of the others."""
    with patch.object(ticketing, "require_etag"):
        address = f"sqlite:///{folder / 'ticket.db'}"
        return asyncio.run(agents.run(address, folder, agents=8, edits=2)).faults


def without_ledger(folder: Path) -> list[str]:
    """A process that is killed forgets whom it has told that their ticket has come."""
    running = workflows.run(folder, 2, on_temporal=False, is_ledger_kept=False)
    return [fault for fault in asyncio.run(running).faults if "had ACKNOWLEDGED" in fault]
