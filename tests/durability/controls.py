"""The same without one of the defences, which must not go well."""

import asyncio
from pathlib import Path
from unittest.mock import patch

from services.ticket import use_cases
from tests.durability import agents, kills
from tests.durability.desk import Victim

# Seldom more than one is needed: of what is under way in Envoy, some is done already.
_KILLS = 6


def without_request_ids(folder: Path) -> list[str]:
    """Whoever asks again has it done again."""
    killing = kills.run(
        folder, _KILLS, on_postgresql=False, with_request_id=False, victims=[Victim.ENVOY]
    )
    return asyncio.run(killing).faults


def without_etags(folder: Path) -> list[str]:
    """Whoever writes last has never heard of the others."""
    with patch.object(use_cases, "require_etag"):
        address = f"sqlite:///{folder / 'ticket.db'}"
        return asyncio.run(agents.run(address, folder, agents=8, edits=2)).faults
