from tests.security.revocations import FIGURE, revoke_and_read
from tests.security.section import Scale, assert_reached
from tests.security.stage import Stage


async def test_nothing_is_allowed_a_second_after_it_was_taken_away(stage: Stage) -> None:
    assert_reached(await revoke_and_read(stage, Scale.SHORT, seed=1), FIGURE)
