"""`helpdesk clients`."""

from tests.cli.conftest import Command
from tests.cli.fake_mesh import FakeMesh


def test_a_clients_secret_is_shown_when_it_is_made(helpdesk: Command, acme: FakeMesh) -> None:
    ended = helpdesk("clients", "create", "Robot", "--role", "agent", "--tenant", "acme")
    assert ended.code == 0, ended.err
    assert ended.out == "client id      client-1\nclient secret  secret-1\n"
    assert "not shown again" in ended.err
    assert list(acme.clients.kept[0].roles) == ["agent"]


def test_a_public_client_has_none(helpdesk: Command, acme: FakeMesh) -> None:
    uri = "https://wiki.example/callback"
    made = helpdesk("clients", "create", "Wiki", "--public", "--redirect-uri", uri, "-o", "json")
    assert made.json["clientSecret"] == ""
    assert list(acme.clients.kept[0].redirect_uris) == [uri]


def test_all_pages_are_listed_without_secrets(helpdesk: Command, acme: FakeMesh) -> None:
    for name in ("Robot", "Wiki", "Desk"):
        helpdesk("clients", "create", name, "--role", "agent")
    listed = helpdesk("clients")
    assert all(name in listed.out for name in ("Robot", "Wiki", "Desk"))
    assert "secret-1" not in listed.out
    assert len(helpdesk("clients", "list", "-o", "json").json["clients"]) == 3
    assert len(acme.clients.kept) == 3


def test_a_deleted_client_is_gone(helpdesk: Command, acme: FakeMesh) -> None:
    helpdesk("clients", "create", "Robot", "--role", "agent")
    assert helpdesk("clients", "delete", "client-1").code == 0
    assert acme.clients.kept == []
    again = helpdesk("clients", "delete", "client-1")
    assert again.code == 1
    assert "There is no such client." in again.err
