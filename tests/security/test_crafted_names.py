from tests.security.crafted_names import FIGURE, store_and_compare
from tests.security.section import Scale, assert_reached
from tests.security.stage import Stage


async def test_no_name_becomes_policy(stage: Stage) -> None:
    assert_reached(await store_and_compare(stage, Scale.SHORT, seed=1), FIGURE)
