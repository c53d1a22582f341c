from tests.security.reader_lists import FIGURE, run
from tests.security.section import Scale, assert_reached


async def test_no_search_finds_what_a_list_forbids() -> None:
    assert_reached(await run(Scale.SHORT, seed=1), FIGURE)
