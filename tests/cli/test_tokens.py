"""Logging in, staying logged in, and two commands at once."""

import io
import stat
import threading
from pathlib import Path

import pytest

from services.cli.failures import CommandError
from services.cli.gateway import Address
from services.cli.profiles import Login, Profile, ProfileFile, Profiles
from services.cli.session import Role, choose_login, choose_profile
from services.cli.tokens import TokenSource
from tests.cli.conftest import Command
from tests.cli.fake_mesh import PASSWORD, FakeMesh


def source(data: Path, mesh: FakeMesh, clock: float = 0.0) -> TokenSource:
    return TokenSource(ProfileFile(data), "acme", "agent", Address(mesh.url), lambda: clock)


def put(data: Path, login: Login) -> None:
    with ProfileFile(data).change() as change:
        change.put(Profile("acme", logins={"agent": login}))


def test_a_login_is_kept_and_used(
    helpdesk: Command, mesh: FakeMesh, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_ADDRESS", mesh.url)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    ended = helpdesk("login", "--tenant", "acme", "--email", "ada@acme.example", "--password-stdin")
    assert ended.code == 0, ended.err
    assert helpdesk("token").out == "access-1\n"
    assert mesh.tokens.issued == 1
    assert PASSWORD not in (data / "profiles.json").read_text()


def test_a_wrong_password_ends_with_four(
    helpdesk: Command, mesh: FakeMesh, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_ADDRESS", mesh.url)
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    ended = helpdesk("login", "--tenant", "acme", "--email", "a@acme.example", "--password-stdin")
    assert ended.code == 4
    assert "Tenant, e-mail address and password do not match." in ended.err
    assert not (data / "profiles.json").exists()


def test_the_file_is_for_its_owner_only(data: Path) -> None:
    put(data, Login("ada@acme.example"))
    assert stat.S_IMODE((data / "profiles.json").stat().st_mode) == 0o600


def test_a_token_is_used_until_shortly_before_its_end(data: Path, mesh: FakeMesh) -> None:
    put(data, Login("a", access_token="kept", expires_at=1000.0, refresh_token="r"))
    assert source(data, mesh, clock=960.0).token() == "kept"
    mesh.tokens.live_refresh_tokens.add("r")
    assert source(data, mesh, clock=980.0).token() == "access-1"
    assert mesh.tokens.refreshed == 1


def test_two_commands_at_once_use_a_refresh_token_once(data: Path, mesh: FakeMesh) -> None:
    mesh.tokens.live_refresh_tokens.add("r")
    put(data, Login("a", refresh_token="r"))
    found: list[str] = []
    commands = [
        threading.Thread(target=lambda: found.append(source(data, mesh).token())) for _ in range(6)
    ]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert found == ["access-1"] * 6
    assert mesh.tokens.refreshed == 1


def test_a_demo_user_falls_back_on_the_password(data: Path, mesh: FakeMesh) -> None:
    put(data, Login("a", password=PASSWORD, refresh_token="dead"))
    assert source(data, mesh).token() == "access-1"
    assert mesh.tokens.issued == 1


def test_a_person_has_to_log_in_again(data: Path, mesh: FakeMesh) -> None:
    put(data, Login("a", refresh_token="dead"))
    with pytest.raises(CommandError, match="Your login has ended") as caught:
        source(data, mesh).token()
    assert caught.value.exit_code == 4


def test_a_disk_that_cannot_be_written_is_a_sentence(
    helpdesk: Command, acme: FakeMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.cli.profiles.os.fsync", full)
    ended = helpdesk("token", "--tenant", "acme")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: No space left on device\nhint: helpdesk doctor\n"


def test_a_file_that_is_broken_is_named_and_kept(helpdesk: Command, data: Path) -> None:
    data.mkdir()
    (data / "profiles.json").write_text("{")
    ended = helpdesk("token", "--tenant", "acme")
    assert ended.code == 1
    assert "profiles.json cannot be read" in ended.err
    assert (data / "profiles.json").read_text() == "{"


def test_the_last_used_tenant_is_meant_when_none_is_named() -> None:
    profiles = Profiles({slug: Profile(slug) for slug in ("acme", "globex")}, last_used="globex")
    assert choose_profile(profiles, None).tenant == "globex"
    assert choose_profile(profiles, "acme").tenant == "acme"


def test_several_tenants_and_none_named_or_used_is_a_question() -> None:
    profiles = Profiles({slug: Profile(slug) for slug in ("acme", "globex")})
    with pytest.raises(CommandError, match="acme, globex"):
        choose_profile(profiles, None)


def test_the_own_login_goes_before_the_demo_ones() -> None:
    profile = Profile("acme", logins={"own": Login("me"), "agent": Login("demo")})
    assert choose_login(profile, None, Role.AGENT) == "own"
    assert choose_login(profile, Role.AGENT, Role.AGENT) == "agent"
