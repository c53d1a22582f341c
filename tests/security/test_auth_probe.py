"""`tests/gates/auth_probe.py` on one row, and on one that expects the wrong thing."""

import asyncio
from dataclasses import replace

from tests.gates.auth_matrix import ACTIONS
from tests.gates.auth_probe import probe, show
from tests.security.stage import Stage

READ = next(one for one in ACTIONS if (one.resource, one.what) == ("users", "read"))


async def test_the_probe_finds_the_matrix_kept(stage: Stage) -> None:
    cells = await asyncio.to_thread(probe, stage.installation.url, stage.operator.password, [READ])

    assert [cell.got for cell in cells] == [200, 200, 403, 403, 401, 404, 404, 403, 403, 401]
    assert show(cells) == 0
    wrong = replace(cells[0], wanted=403)
    assert show([wrong, *cells[1:]]) == 1
