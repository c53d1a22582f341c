"""The operator's commands."""

from pathlib import Path

import pytest

from helpdesk.auth.v1 import auth_pb2
from services.cli.profiles import ProfileFile
from services.mesh.ids import new_id
from tests.cli.conftest import Command
from tests.cli.fake_mesh import PASSWORD, FakeMesh

ACME = auth_pb2.Tenant(
    tenant_id=new_id(), slug="acme", display_name="Acme", state=auth_pb2.TENANT_STATE_ACTIVE
)


@pytest.fixture(autouse=True)
def operator(mesh: FakeMesh, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    del data
    tenant = auth_pb2.Tenant()
    tenant.CopyFrom(ACME)
    mesh.people.tenants.append(tenant)
    monkeypatch.setenv("HELPDESK_ADDRESS", mesh.url)
    monkeypatch.setenv("HELPDESK_OPERATOR_PASSWORD", PASSWORD)


def test_tenants_are_listed_with_their_state(helpdesk: Command) -> None:
    listed = helpdesk("tenants")
    assert "acme" in listed.out
    assert "active" in listed.out
    [tenant] = helpdesk("tenants", "list", "-o", "json").json["tenants"]
    assert tenant["tenantId"] == ACME.tenant_id


@pytest.mark.parametrize("word", ["acme", ACME.tenant_id])
def test_a_tenant_is_found_by_its_name_or_its_id(helpdesk: Command, word: str) -> None:
    assert helpdesk("tenants", "show", word, "-o", "json").json["slug"] == "acme"


def test_a_missing_tenant_is_named(helpdesk: Command) -> None:
    ended = helpdesk("tenants", "show", "nowhere")
    assert ended.code == 1
    assert "There is no tenant nowhere." in ended.err
    assert "hint: helpdesk tenants list" in ended.err


def test_a_tenant_is_suspended_and_resumed(helpdesk: Command) -> None:
    assert "suspended" in helpdesk("tenants", "suspend", "acme").out
    assert "active" in helpdesk("tenants", "resume", "acme").out


def test_deleting_without_a_terminal_needs_a_yes(helpdesk: Command, mesh: FakeMesh) -> None:
    ended = helpdesk("tenants", "delete", "acme")
    assert ended.code == 1
    assert "hint: helpdesk tenants delete acme --yes" in ended.err
    assert mesh.people.tenants[0].state == auth_pb2.TENANT_STATE_ACTIVE


def test_deleting_waits_until_every_service_is_empty(helpdesk: Command, mesh: FakeMesh) -> None:
    ended = helpdesk("tenants", "delete", "acme", "--yes", "-o", "json")
    assert ended.json == {"tenantId": ACME.tenant_id, "slug": "acme", "state": "DELETED"}
    assert mesh.people.tenants == []


def test_how_far_a_deletion_is_can_be_looked_up(helpdesk: Command) -> None:
    begun = helpdesk("tenants", "delete", "acme", "--yes", "--no-wait")
    assert "helpdesk tenants show acme" in begun.err
    assert "ticket is empty; waiting for chat, search" in helpdesk("tenants", "show", "acme").out


def test_the_operators_commands_leave_the_last_used_tenant_alone(
    helpdesk: Command, data: Path
) -> None:
    helpdesk("tenants")
    assert ProfileFile(data).read().last_used == ""


def test_whoever_is_not_the_operator_is_told_how_to_log_in(
    helpdesk: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HELPDESK_OPERATOR_PASSWORD")
    ended = helpdesk("tenants")
    assert ended.code == 4
    assert "helpdesk login --tenant platform" in ended.err
