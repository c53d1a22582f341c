from tests.security.fuzz import FIGURE, TRIES, cross
from tests.security.section import Scale, assert_reached
from tests.security.stage import Stage


async def test_a_foreign_id_is_told_from_a_missing_one_by_nothing(stage: Stage) -> None:
    assert_reached(await cross(stage, TRIES[Scale.SHORT], seed=1), FIGURE)
