from pathlib import Path

import pytest
from pydantic import ValidationError

from services.mesh.settings import MeshSettings, read_settings


def test_every_service_has_a_port_an_address_and_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HELPDESK_DATA", "/var/helpdesk")
    monkeypatch.setenv("HELPDESK_TICKET_PORT", "9000")
    settings = MeshSettings()
    assert settings.port("ticket") == 9000
    assert settings.address("ticket") == "ipv4:127.0.0.1:9000"
    assert settings.database_url("ticket") == "sqlite+aiosqlite:////var/helpdesk/ticket/ticket.db"
    assert settings.certificate_folder("ticket") == Path("/var/helpdesk/certificates/ticket")


def test_what_is_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_CHAT_ADDRESS", "ipv4:10.0.0.1:1,10.0.0.2:1")
    monkeypatch.setenv("HELPDESK_CHAT_DATABASE_URL", "postgresql+psycopg://db/chat")
    monkeypatch.setenv("HELPDESK_CERTIFICATES", "/certificates")
    settings = MeshSettings()
    assert settings.address("chat") == "ipv4:10.0.0.1:1,10.0.0.2:1"
    assert settings.database_url("chat") == "postgresql+psycopg://db/chat"
    assert settings.certificate_folder("chat") == Path("/certificates/chat")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        MeshSettings().host = "0.0.0.0"  # type: ignore[misc]  # noqa: S104


@pytest.mark.parametrize("host", ["localhost", "", "127.0.0.1:80", "127.0.0.1 "])
def test_the_host_is_an_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HELPDESK_HOST", host)
    with pytest.raises(ValidationError):
        MeshSettings()


def test_the_issuer_is_where_the_gateway_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MeshSettings().issuer == "http://127.0.0.1:8080"
    monkeypatch.setenv("HELPDESK_HTTP_PORT", "9000")
    assert MeshSettings().issuer == "http://127.0.0.1:9000"
    monkeypatch.setenv("HELPDESK_PUBLIC_URL", "https://desk.example")
    assert MeshSettings().issuer == "https://desk.example"


@pytest.mark.parametrize(
    "url", ["desk.example", "https://desk.example/", "https://DESK.example", "ftp://desk.example"]
)
def test_a_public_url_that_others_would_spell_otherwise_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HELPDESK_PUBLIC_URL", url)
    with pytest.raises(ValidationError):
        MeshSettings()


@pytest.mark.parametrize("url", ["mysql://db/chat", "garbage", "sqlite", "postgresql://"])
def test_a_database_of_another_kind_is_refused_without_repeating_its_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("HELPDESK_CHAT_DATABASE_URL", url)
    with pytest.raises(SystemExit):
        read_settings(MeshSettings)
    line = capsys.readouterr().err
    assert "HELPDESK_CHAT_DATABASE_URL" in line
    assert url not in line.replace("postgresql+psycopg://", "").replace("sqlite+aiosqlite", "")


def test_an_unknown_service_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        MeshSettings().port("nowhere")


def test_bad_values_end_the_process_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HELPDESK_AUTH_PORT", "many")
    monkeypatch.setenv("HELPDESK_LOG_FORMAT", "xml")
    with pytest.raises(SystemExit) as ended:
        read_settings(MeshSettings)
    assert ended.value.code == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "HELPDESK_AUTH_PORT" in line
    assert "HELPDESK_LOG_FORMAT" in line
