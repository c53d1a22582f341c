"""One installation for the short versions of all sections."""

from collections.abc import AsyncIterator

import pytest

from tests.security.stage import Stage, running_stage


@pytest.fixture(scope="session")
async def stage() -> AsyncIterator[Stage]:
    async with running_stage() as stage:
        yield stage
