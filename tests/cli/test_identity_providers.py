"""`helpdesk identity-providers`: what is sent, what is printed, and what is never printed."""

import io

import pytest

from services.cli.failures import CommandError
from services.cli.identity_provider_options import role_rules
from tests.cli.conftest import Command, Ended
from tests.cli.fake_mesh import FakeMesh

SECRET = "s3cret-of-the-client"
CREATE = (
    "identity-providers", "create", "--tenant", "acme", "--name", "Acme Login",
    "--issuer", "https://login.acme.example", "--client-id", "helpdesk",
)  # fmt: skip


def create(helpdesk: Command, *more: str) -> Ended:
    return helpdesk(*CREATE, *more)


def test_a_provider_is_made_from_its_options(
    helpdesk: Command, acme: FakeMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    ended = create(
        helpdesk, "--client-secret-stdin", "--map", "groups=support:agent", "--map",
        "https://acme.example/roles=it:admin", "--default-role", "customer", "--domain",
        "acme.example", "--create-users", "--scope", "email", "--scope", "groups",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    [made] = acme.identity_providers.providers
    assert acme.identity_providers.secrets == [SECRET]
    assert [(rule.claim, rule.value, rule.role) for rule in made.role_rules] == [
        ("groups", "support", "agent"),
        ("https://acme.example/roles", "it", "admin"),
    ]
    assert list(made.scopes) == ["openid", "email", "groups"]
    assert (made.creates_users, made.links_users_by_email, made.exchanges_tokens) == (
        True,
        False,
        False,
    )
    assert "https://desk.example/oauth/external/provider-1/callback" in ended.out
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize(
    "text", ["", "groups", "groups=support", "groups:agent", "=x:agent", "a=:b"]
)
def test_a_rule_that_is_none_is_named(text: str) -> None:
    with pytest.raises(CommandError):
        role_rules([text])


def test_a_secret_that_is_not_there_is_missed(
    helpdesk: Command, acme: FakeMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ended = create(helpdesk, "--client-secret-stdin")
    assert (ended.code, acme.identity_providers.providers) == (1, [])
    assert "no client secret on standard input" in ended.err


def test_a_taken_issuer_is_told_plainly(helpdesk: Command, acme: FakeMesh) -> None:
    create(helpdesk)
    ended = create(helpdesk)
    assert ended.code == 1
    assert "There is a provider with the issuer" in ended.err


@pytest.mark.parametrize("named", ["Acme Login", "https://login.acme.example", "provider-1"])
def test_a_provider_is_found_by_name_issuer_or_id(
    helpdesk: Command, acme: FakeMesh, named: str
) -> None:
    create(helpdesk)
    ended = helpdesk("identity-providers", "show", named, "--tenant", "acme", "-o", "json")
    assert ended.json["identityProviderId"] == "provider-1"
    missing = helpdesk("identity-providers", "show", "Other", "--tenant", "acme")
    assert missing.code == 1
    assert "helpdesk identity-providers list" in missing.err


def test_an_update_sends_only_what_was_said(helpdesk: Command, acme: FakeMesh) -> None:
    create(helpdesk, "--create-users")
    ended = helpdesk(
        "identity-providers", "update", "provider-1", "--tenant", "acme", "--disable",
        "--no-create-users", "-o", "json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert acme.identity_providers.masks == [["creates_users", "state"]]
    assert ended.json["state"] == "IDENTITY_PROVIDER_STATE_DISABLED"
    assert ended.json["etag"] == '"1"'
    nothing = helpdesk("identity-providers", "update", "provider-1", "--tenant", "acme")
    assert (nothing.code, len(acme.identity_providers.masks)) == (1, 1)


def test_a_list_shows_each_and_an_empty_one_says_how_to_begin(
    helpdesk: Command, acme: FakeMesh
) -> None:
    empty = helpdesk("identity-providers", "list", "--tenant", "acme")
    assert (empty.code, empty.out) == (0, "")
    assert "create --help" in empty.err
    create(helpdesk, "--default-role", "customer")
    listed = helpdesk("identity-providers", "list", "--tenant", "acme")
    assert "Acme Login" in listed.out
    assert "customer" in listed.out


def test_a_test_says_what_is_wrong_and_ends_with_1(helpdesk: Command, acme: FakeMesh) -> None:
    create(helpdesk)
    words = ("identity-providers", "test", "Acme Login", "--tenant", "acme")
    acme.identity_providers.findings.key_algorithms.append("ES256")
    fine = helpdesk(*words)
    assert (fine.code, "it can be used" in fine.out) == (0, True)
    acme.identity_providers.findings.problems.append("its key set: answers with status 503")
    bad = helpdesk(*words)
    assert bad.code == 1
    assert "its key set: answers with status 503" in bad.out
    assert "it can be used" not in bad.out


def test_a_provider_is_removed_after_a_yes(helpdesk: Command, acme: FakeMesh) -> None:
    create(helpdesk)
    ended = helpdesk("identity-providers", "delete", "Acme Login", "--tenant", "acme", "--yes")
    assert (ended.code, acme.identity_providers.providers) == (0, [])
