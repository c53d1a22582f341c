"""The short version of the section on audit chains."""

from tests.security.audit_chain import FIGURE, run
from tests.security.section import Scale, assert_reached


async def test_tampering_with_a_chain_is_found_and_the_first_bad_record_named() -> None:
    assert_reached(await run(Scale.SHORT, 20261125), FIGURE)
