"""Places in a list of users."""

import pytest

from services.auth.convert import user_cursor, user_position
from services.auth.use_cases.users import FIRST_USER
from services.mesh.errors import PageTokenInvalid


def test_a_place_in_the_list_comes_back() -> None:
    cursor = ("ada@example.com", "01-02")
    assert user_cursor(user_position(cursor)) == cursor


def test_the_list_begins_at_its_beginning() -> None:
    assert user_cursor(None) == FIRST_USER


@pytest.mark.parametrize("position", ["", "x", "[]", '["a"]', '["a", 1]', '["a","b","c"]', "7"])
def test_a_place_that_was_never_given_out_is_refused(position: str) -> None:
    with pytest.raises(PageTokenInvalid):
        user_cursor(position)
