import uuid

import pytest

from services.mesh.ids import is_id, new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = uuid.UUID(new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_ids_made_later_sort_later_or_equal_in_their_time() -> None:
    times = [made[:18] for made in (new_id() for _ in range(10_000))]
    assert times == sorted(times)


def test_ids_do_not_repeat() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("text", ["", "7", new_id().upper(), f"{new_id()}\n", f" {new_id()}"])
def test_other_spellings_are_no_ids(text: str) -> None:
    assert not is_id(text)


def test_an_id_is_an_id() -> None:
    assert is_id(new_id())
