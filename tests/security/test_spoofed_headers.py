from tests.security.section import assert_reached
from tests.security.spoofed_headers import FIGURE, attack
from tests.security.stage import Stage


async def test_no_header_says_who_is_asking(stage: Stage) -> None:
    assert_reached(await attack(stage), FIGURE)
