"""Logging in with a browser elsewhere, and out again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.device_login import wait_for_login
from services.cli.failures import CommandError
from services.cli.gateway import Address
from services.cli.profiles import OWN, Login, Profile, ProfileFile
from services.cli.provider import DeviceLogin, Provider
from services.cli.tokens import TokenSource
from tests.cli.conftest import Command
from tests.cli.fake_provider import PENDING, SLOW_DOWN, STARTED, WHO, FakeProvider, tokens

TOKEN = "/oauth/token"
DEVICE = DeviceLogin("device-1", "BCDF-GHJK", "page", "page?code", 60.0, 5.0)


@pytest.fixture
def provider(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProvider]:
    assert data
    fake = FakeProvider()
    monkeypatch.setenv("HELPDESK_ADDRESS", fake.url)
    fake.answers["/oauth/device_authorization"] = [STARTED]
    fake.answers["/oauth/userinfo"] = [WHO]
    fake.answers["/oauth/revoke"] = [(200, {})]
    yield fake
    fake.stop()


class Time:
    """Passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def wait(provider: FakeProvider, time: Time) -> str:
    client = Provider(Address(provider.url))
    return wait_for_login(client, DEVICE, time.sleep, time).access_token


def test_it_asks_again_until_the_user_has_logged_in(provider: FakeProvider) -> None:
    provider.answers[TOKEN] = [PENDING, PENDING, tokens()]
    time = Time()
    assert wait(provider, time) == "access-1"
    assert time.slept == [5.0, 5.0, 5.0]


def test_it_slows_down_when_asked_to(provider: FakeProvider) -> None:
    provider.answers[TOKEN] = [PENDING, SLOW_DOWN, SLOW_DOWN, tokens()]
    time = Time()
    assert wait(provider, time) == "access-1"
    assert time.slept == [5.0, 5.0, 10.0, 15.0]


def test_a_helpdesk_that_is_away_is_asked_less_and_less(provider: FakeProvider) -> None:
    provider.answers[TOKEN] = [(503, {"error": "temporarily_unavailable"}), (502, {}), tokens()]
    time = Time()
    assert wait(provider, time) == "access-1"
    assert time.slept == [5.0, 10.0, 20.0]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "ACCESS_DENIED"),
        ("expired_token", "LOGIN_EXPIRED"),
        ("invalid_grant", "LOGIN_FAILED"),
    ],
)
def test_it_gives_up_when_there_is_nothing_to_wait_for(
    provider: FakeProvider, error: str, code: str
) -> None:
    provider.answers[TOKEN] = [PENDING, (400, {"error": error})]
    with pytest.raises(CommandError) as caught:
        wait(provider, Time())
    assert (caught.value.code, caught.value.exit_code) == (code, 4)


def test_it_does_not_wait_for_ever(provider: FakeProvider) -> None:
    provider.answers[TOKEN] = [PENDING]
    time = Time()
    with pytest.raises(CommandError) as caught:
        wait(provider, time)
    assert caught.value.code == "LOGIN_EXPIRED"
    assert time.now == 60.0


def patient_login(provider: FakeProvider) -> None:
    started = dict(STARTED[1])
    started["interval"] = 0
    provider.answers["/oauth/device_authorization"] = [(200, started)]


def test_the_command_shows_the_page_and_the_code_and_keeps_the_login(
    helpdesk: Command, provider: FakeProvider, data: Path
) -> None:
    patient_login(provider)
    provider.answers[TOKEN] = [PENDING, tokens()]
    ended = helpdesk("login")
    assert ended.code == 0, ended.err
    assert "http://desk.example/oauth/device\n" in ended.err
    assert "BCDF-GHJK" in ended.err
    assert "logged in to acme as ada@acme.example" in ended.err
    assert helpdesk("token").out == "access-1\n"
    login = ProfileFile(data).read().by_tenant["acme"].logins[OWN]
    assert login.refresh_token == "refresh-1"


def test_a_login_to_another_tenant_is_not_kept(
    helpdesk: Command, provider: FakeProvider, data: Path
) -> None:
    patient_login(provider)
    provider.answers[TOKEN] = [tokens()]
    ended = helpdesk("login", "--tenant", "globex")
    assert ended.code == 1
    assert "acme, not to globex" in ended.err
    assert provider.asked[-1][0] == "/oauth/revoke"
    assert not (data / "profiles.json").exists()


def test_such_a_login_is_renewed_at_the_provider(data: Path, provider: FakeProvider) -> None:
    own = Login("ada@acme.example", refresh_token="refresh-1", client_id="helpdesk-cli")
    with ProfileFile(data).change() as change:
        change.put(Profile("acme", logins={OWN: own}))
    provider.answers[TOKEN] = [tokens(2), (400, {"error": "invalid_grant"})]
    source = TokenSource(ProfileFile(data), "acme", OWN, Address(provider.url))
    assert source.token() == "access-2"
    assert provider.asked[-1][1]["refresh_token"] == "refresh-1"
    with pytest.raises(CommandError) as caught:
        source.token(refused=True)
    assert (caught.value.code, caught.value.exit_code) == ("REFRESH_TOKEN_INVALID", 4)


def test_logging_out_ends_the_session_and_forgets_it(
    helpdesk: Command, provider: FakeProvider, data: Path
) -> None:
    patient_login(provider)
    provider.answers[TOKEN] = [tokens()]
    helpdesk("login")
    ended = helpdesk("logout")
    assert ended.code == 0, ended.err
    assert provider.asked[-1] == (
        "/oauth/revoke",
        {"client_id": "helpdesk-cli", "token": "refresh-1"},
    )
    assert ProfileFile(data).read().by_tenant["acme"].logins == {}
    assert helpdesk("logout").code == 4


def test_a_login_is_forgotten_also_while_the_helpdesk_is_away(
    helpdesk: Command, provider: FakeProvider, data: Path
) -> None:
    patient_login(provider)
    provider.answers[TOKEN] = [tokens()]
    helpdesk("login")
    provider.answers["/oauth/revoke"] = [(503, {})]
    assert helpdesk("logout").code == 1
    assert ProfileFile(data).read().by_tenant["acme"].logins == {}
