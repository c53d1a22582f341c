from tests.security.forbidden_passages import FIGURE, run
from tests.security.section import Scale, assert_reached


async def test_nobody_is_shown_what_is_closed_to_them() -> None:
    assert_reached(await run(Scale.SHORT, seed=1), FIGURE)
