"""Values in, values out."""

from datetime import timedelta

from services.auth.domain import (
    ACCESS_TOKEN_LIFE,
    FREE_LOGIN_FAILURES,
    LOGIN_MEMORY,
    LONGEST_LOGIN_WAIT,
    REFRESH_TOKEN_LIFE,
    SESSION_LIFE,
    SIGNING_KEY_MEMORY,
    LoginFailures,
    Role,
    Session,
    after_failed_login,
    leaves_no_admin,
    missing_roles,
    normal_email,
    permissions_of,
    refresh_token_life,
)
from services.mesh.caller import UserId
from tests.auth.builders import a_session, a_signing_key, a_tenant, a_user
from tests.auth.fakes import START

SECOND = timedelta(seconds=1)


def failures_after(count: int) -> LoginFailures:
    failures = None
    for _ in range(count):
        failures = after_failed_login(failures, START)
    assert failures is not None
    return failures


def a_session_of_anyone() -> Session:
    return a_session(a_user(a_tenant()))


def test_a_session_is_open_until_it_expires() -> None:
    session = a_session_of_anyone()
    assert session.is_open(START + SESSION_LIFE - SECOND)
    assert not session.is_open(START + SESSION_LIFE)


def test_no_refresh_token_outlives_its_session() -> None:
    session = a_session_of_anyone()
    assert refresh_token_life(session, START) == START + REFRESH_TOKEN_LIFE
    assert refresh_token_life(session, session.expire_time - SECOND) == session.expire_time


def test_a_retired_key_verifies_as_long_as_its_last_token_lives() -> None:
    key = a_signing_key()
    assert key.signs(START)
    assert key.verifies(START)
    retired = type(key)(key.key_id, key.private_pem, key.create_time, START)
    assert not retired.signs(START)
    assert retired.verifies(START + ACCESS_TOKEN_LIFE)
    assert not retired.verifies(START + SIGNING_KEY_MEMORY)


def test_the_first_failed_logins_cost_no_time() -> None:
    assert not failures_after(FREE_LOGIN_FAILURES - 1).remaining_wait(START)


def test_the_wait_doubles_up_to_a_limit() -> None:
    waits = [
        failures_after(FREE_LOGIN_FAILURES + more).remaining_wait(START)
        for more in (0, 1, 2, 3, 500)
    ]
    assert waits == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, LONGEST_LOGIN_WAIT]


def test_the_wait_ends() -> None:
    failures = failures_after(FREE_LOGIN_FAILURES + 2)
    assert failures.remaining_wait(START + 3 * SECOND) == SECOND
    assert not failures.remaining_wait(START + 5 * SECOND)


def test_old_failures_do_not_count() -> None:
    failures = after_failed_login(failures_after(50), START + LOGIN_MEMORY + SECOND)
    assert failures.count == 1


def test_an_address_has_one_spelling() -> None:
    assert normal_email(" Ada@Example.COM ") == "ada@example.com"


def test_the_first_missing_role_is_named_first() -> None:
    known = [Role("agent", "", frozenset())]
    assert missing_roles(["zebra", "agent", "boss"], known) == ["boss", "zebra"]


def test_permissions_are_those_of_all_roles() -> None:
    roles = {"a": Role("a", "", frozenset({"x"})), "b": Role("b", "", frozenset({"x", "y"}))}
    user = a_user(a_tenant(), roles=("a", "b", "gone"))
    assert permissions_of(user, roles) == {"x", "y"}


def test_the_last_admin_is_told_from_others() -> None:
    user = a_user(a_tenant(), roles=("admin",))
    other = UserId("other")
    assert leaves_no_admin(user, ["agent"], [user.user_id])
    assert not leaves_no_admin(user, ["agent", "admin"], [user.user_id])
    assert not leaves_no_admin(user, [], [user.user_id, other])
    assert not leaves_no_admin(user, [], [other])
