"""Lists and whoever asks, as values."""

import pytest

from services.mesh.caller import acting_as
from services.mesh.errors import TokenMissing
from services.search.readers import (
    EVERYBODY,
    MANAGE,
    MOST_ROLES,
    Reader,
    Readers,
    curator,
    current_reader,
    readers_from_words,
)
from tests.search.builders import ACME, a_caller


def test_an_empty_list_admits_everybody_and_another_only_whom_it_names() -> None:
    agents = Readers.of(["agent"], [])
    ann = Reader(ACME, frozenset({"role:agent", "user:ann"}))
    bob = Reader(ACME, frozenset({"role:customer", "user:bob"}))
    assert ann.is_admitted_by(EVERYBODY)
    assert bob.is_admitted_by(EVERYBODY)
    assert ann.is_admitted_by(agents)
    assert not bob.is_admitted_by(agents)
    assert bob.is_admitted_by(Readers.of(["agent"], ["bob"]))
    assert not Reader(ACME).is_admitted_by(agents)


def test_a_user_who_is_called_like_a_role_is_not_let_in_for_it() -> None:
    with acting_as(a_caller("agent", "customer")):
        reader = current_reader()
    assert not reader.is_admitted_by(Readers.of(["agent"], []))
    with acting_as(a_caller("ann", "agent")):
        reader = current_reader()
    assert not reader.is_admitted_by(Readers.of([], ["agent"]))


def test_whoever_may_put_documents_is_admitted_everywhere_and_no_role_name_is() -> None:
    nobody = Readers.of([], ["nobody"])
    with acting_as(a_caller("ann", permissions={MANAGE})):
        assert current_reader().is_admitted_by(nobody)
    with acting_as(a_caller("ann", "admin", permissions={"search.passages.search"})):
        assert not current_reader().is_admitted_by(nobody)
    assert curator(ACME).is_admitted_by(nobody)


def test_without_a_caller_there_is_no_reader() -> None:
    with pytest.raises(TokenMissing):
        current_reader()


def test_roles_and_users_come_out_as_they_went_in() -> None:
    readers = Readers.of(["lead", "agent"], ["0199-b", "0199-a"])
    assert (readers.roles, readers.user_ids) == (["agent", "lead"], ["0199-a", "0199-b"])


@pytest.mark.parametrize(
    ("words", "readers"),
    [
        (["agent"], Readers.of(["agent"], [])),
        (["role:agent", "agent"], Readers.of(["agent"], [])),
        (["agent", "user:0199-a"], Readers.of(["agent"], ["0199-a"])),
        (["*"], EVERYBODY),
    ],
)
def test_words_name_roles_and_users(words: list[str], readers: Readers) -> None:
    assert readers_from_words(words) == readers


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["agent", ""],
        ["*", "agent"],
        ["Agent"],
        ["all agents"],
        ["user:"],
        ["user:a b"],
        ["group:x"],
        ["agent\n"],
        [f"role{number}" for number in range(MOST_ROLES + 1)],
    ],
)
def test_words_that_leave_a_doubt_are_no_list(words: list[str]) -> None:
    assert readers_from_words(words) is None
