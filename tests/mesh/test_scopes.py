import pytest

from services.mesh.scopes import FULL_SCOPE, parse_scope, scope_text, within_scope

MAY = frozenset({"ticket.tickets.get", "ticket.tickets.list"})


def test_the_full_scope_carries_all_that_the_user_may() -> None:
    assert within_scope(MAY, FULL_SCOPE) == MAY
    assert within_scope(MAY, frozenset({"openid", "helpdesk"})) == MAY


def test_a_narrow_scope_carries_its_part() -> None:
    assert within_scope(MAY, frozenset({"ticket.tickets.get"})) == {"ticket.tickets.get"}


def test_a_scope_gives_nothing_that_the_user_lacks() -> None:
    assert within_scope(MAY, frozenset({"auth.users.create"})) == frozenset()


@pytest.mark.parametrize("name", ["openid", "profile", "email", "offline_access"])
def test_a_scope_of_openid_permits_nothing(name: str) -> None:
    assert within_scope(MAY, parse_scope(name)) == frozenset()


def test_a_scope_is_written_sorted_and_read_back() -> None:
    scope = frozenset({"ticket.tickets.get", "openid", "helpdesk"})
    assert scope_text(scope) == "helpdesk openid ticket.tickets.get"
    assert parse_scope(scope_text(scope)) == scope


@pytest.mark.parametrize(
    "text",
    ["", " ", "helpdesk ", "openid  email", "openid openid", "admin", "ticket.*", "a.b\n", "A.b"],
)
def test_a_malformed_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        parse_scope(text)


def test_an_endless_scope_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_scope(" ".join(f"a.b{number}" for number in range(2000)))
