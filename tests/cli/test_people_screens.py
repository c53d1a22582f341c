"""What is shown of users, keys and authenticator apps."""

from datetime import UTC, datetime, timedelta

from rich.console import Console, RenderableType

from helpdesk.auth.v1 import api_key_service_pb2, auth_pb2
from services.cli.screens.authenticator import qr_code, recovery_codes
from services.cli.screens.people import api_key_table, role_table, user_table

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def printed(what: RenderableType) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def a_key(name: str, life: timedelta) -> api_key_service_pb2.ApiKey:
    key = api_key_service_pb2.ApiKey(api_key_id="k1", user_id="u1", display_name=name)
    key.expire_time.FromDatetime(NOW + life)
    return key


def test_a_qr_code_fits_into_a_small_terminal() -> None:
    uri = "otpauth://totp/Helpdesk%20acme:ada.lovelace@acme.example?secret=" + "A" * 32
    lines = qr_code(f"{uri}&issuer=Helpdesk%20acme").splitlines()
    assert 15 < len(lines) < 30
    assert max(map(len, lines)) < 80


def test_recovery_codes_are_printed_line_by_line() -> None:
    shown = printed(recovery_codes(["abcd-efgh", "ijkl-mnop"])).splitlines()
    assert [line.strip() for line in shown[-2:]] == ["abcd-efgh", "ijkl-mnop"]


def test_names_cannot_move_the_cursor() -> None:
    user = auth_pb2.User(
        email="eve@x.org", display_name="\x1b[2JEve", state=auth_pb2.USER_STATE_DISABLED
    )
    shown = printed(user_table([user]))
    assert "\x1b[2J" not in shown
    assert "disabled" in shown


def test_a_key_is_live_ended_or_revoked() -> None:
    live, ended, revoked = (
        a_key("a", timedelta(days=1)),
        a_key("b", timedelta()),
        a_key("c", timedelta(days=1)),
    )
    revoked.revoke_time.FromDatetime(NOW)
    rows = printed(api_key_table([live, ended, revoked], {"u1": "Ada"}, NOW)).splitlines()
    for word in ("live", "ended", "revoked"):
        assert sum(word in row for row in rows) == 1
    assert sum("Ada" in row for row in rows) == 3


def test_the_products_roles_are_told_from_ones_own() -> None:
    roles = [auth_pb2.Role(name="agent", is_standard=True), auth_pb2.Role(name="auditor")]
    rows = printed(role_table(roles)).splitlines()
    assert any("agent" in row and "the product" in row for row in rows)
    assert any("auditor" in row and "you" in row for row in rows)
