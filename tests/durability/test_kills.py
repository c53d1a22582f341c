"""A handful of the kills of `make durability`."""

import asyncio
from pathlib import Path

import pytest

from tests.durability import kills
from tests.durability.controls import without_request_ids
from tests.durability.desk import Victim


@pytest.mark.parametrize("on_postgresql", [False, True], ids=["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_or_there_twice(tmp_path: Path, on_postgresql: bool) -> None:
    outcome = asyncio.run(kills.run(tmp_path, 3, on_postgresql=on_postgresql))

    assert outcome.faults == []
    assert outcome.kills[Victim.DATABASE] == on_postgresql
    assert outcome.written.tried_again


def test_without_request_ids_it_would_be_there_twice(tmp_path: Path) -> None:
    assert any(fault.startswith("there ") for fault in without_request_ids(tmp_path))
