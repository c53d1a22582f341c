"""The short version of the section on kills."""

from tests.security.audit_kills import FIGURE, run
from tests.security.section import Scale, assert_reached


async def test_a_killed_service_leaves_no_change_without_its_record() -> None:
    assert_reached(await run(Scale.SHORT, 20261125), FIGURE)
