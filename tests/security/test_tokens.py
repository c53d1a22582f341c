from tests.security.section import Scale, assert_reached
from tests.security.stage import Stage
from tests.security.tokens import FIGURE, attack


async def test_no_hostile_token_is_accepted_at_any_door(stage: Stage) -> None:
    assert_reached(await attack(stage, Scale.SHORT, seed=1), FIGURE)
