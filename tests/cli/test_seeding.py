"""The demo is made once, however often it is interrupted."""

import stat
from pathlib import Path

import pytest

from services.cli.demo.catalogue import DemoComment, DemoTenant, DemoTicket, DemoUser, read_demo
from services.cli.demo.first_start import seed_demo
from services.cli.failures import CommandError
from services.cli.gateway import Address
from services.cli.profiles import ProfileFile
from services.mesh.settings import MeshSettings
from tests.cli.fake_mesh import PASSWORD, FakeMesh


class Interrupted(Exception):
    pass


@pytest.fixture
def settings(data: Path) -> MeshSettings:
    (data / "auth").mkdir(parents=True)
    (data / "auth" / "operator-password").write_text(f"{PASSWORD}\n")
    return MeshSettings()


@pytest.fixture
def demo(tmp_path: Path) -> tuple[DemoTenant, ...]:
    knowledge = tmp_path / "knowledge"
    knowledge.mkdir()
    for name in ("vpn", "mail"):
        (knowledge / f"{name}.md").write_text(f"# {name}\n")
    users = tuple(
        DemoUser(f"{role}@hooli.example", role.title(), role)
        for role in ("admin", "agent", "customer")
    )
    comments = (
        DemoComment("agent@hooli.example", "Have a look.", False),
        DemoComment("agent@hooli.example", "Third time.", True),
    )
    tickets = (
        DemoTicket("No mail", "Since nine.", "customer@hooli.example", "high", comments),
        DemoTicket("No VPN", "Since ten.", "customer@hooli.example", "low", ()),
    )
    return (DemoTenant("hooli", "Hooli", users, tickets, knowledge),)


def seed(
    settings: MeshSettings, mesh: FakeMesh, demo: tuple[DemoTenant, ...], steps: int = 1000
) -> int:
    """Interrupted after so many steps."""
    left = steps

    def tell(what: str, done: int, total: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Interrupted

    return seed_demo(settings, Address(mesh.url), tell, demo)


def test_everything_is_made_as_it_is_written(
    settings: MeshSettings, mesh: FakeMesh, demo: tuple[DemoTenant, ...]
) -> None:
    assert seed(settings, mesh, demo) == 1
    assert [tenant.slug for tenant in mesh.people.tenants] == ["hooli"]
    assert [list(user.roles) for user in mesh.people.users] == [[], ["agent"], ["customer"]]
    assert sorted(mesh.search.documents) == ["mail.md", "vpn.md"]
    assert [ticket.subject for ticket in mesh.tickets.tickets] == ["No mail", "No VPN"]
    assert [comment.internal for comment in mesh.tickets.comments] == [False, True]
    customer, agent = mesh.people.users[2].user_id, mesh.people.users[1].user_id
    assert {ticket.requester_id for ticket in mesh.tickets.tickets} == {customer}
    assert {comment.author_id for comment in mesh.tickets.comments} == {agent}


def test_a_second_time_changes_nothing(
    settings: MeshSettings, mesh: FakeMesh, demo: tuple[DemoTenant, ...]
) -> None:
    seed(settings, mesh, demo)
    mesh.search.puts.clear()
    assert seed(settings, mesh, demo) == 0
    assert mesh.search.puts == []


@pytest.mark.parametrize("steps", range(9))
def test_an_interrupted_start_goes_on_and_doubles_nothing(
    settings: MeshSettings, mesh: FakeMesh, demo: tuple[DemoTenant, ...], steps: int
) -> None:
    with pytest.raises(Interrupted):
        seed(settings, mesh, demo, steps)
    seed(settings, mesh, demo)
    assert len(mesh.people.tenants) == 1
    assert len(mesh.people.users) == 3
    assert len(mesh.search.documents) == 2
    assert len(mesh.tickets.tickets) == 2
    assert len(mesh.tickets.comments) == 2


def test_the_passwords_are_made_up_and_for_the_owner_only(
    settings: MeshSettings, mesh: FakeMesh, demo: tuple[DemoTenant, ...]
) -> None:
    seed(settings, mesh, demo)
    profile = ProfileFile(settings.data).read().by_tenant["hooli"]
    assert len(set(profile.passwords.values())) == 3
    assert all(len(password) == 16 for password in profile.passwords.values())
    assert profile.logins["agent"].password == mesh.people.passwords["agent@hooli.example"]
    assert stat.S_IMODE((settings.data / "profiles.json").stat().st_mode) == 0o600


def test_a_tenant_of_somebody_else_is_left_alone(
    settings: MeshSettings, mesh: FakeMesh, demo: tuple[DemoTenant, ...]
) -> None:
    seed(settings, mesh, demo)
    (settings.data / "profiles.json").unlink()
    with pytest.raises(CommandError, match="The tenant hooli exists"):
        seed(settings, mesh, demo)


def test_a_missing_operator_password_is_named(settings: MeshSettings, mesh: FakeMesh) -> None:
    (settings.data / "auth" / "operator-password").unlink()
    with pytest.raises(CommandError, match="operator's password cannot be read"):
        seed(settings, mesh, ())


def test_the_demo_is_two_tenants_with_all_roles_and_thirty_articles() -> None:
    for tenant in read_demo():
        assert {user.role for user in tenant.users} == {"admin", "agent", "customer"}
        assert len(list(tenant.knowledge.glob("*.md"))) >= 30
        authors = {comment.author for ticket in tenant.tickets for comment in ticket.comments}
        requesters = {ticket.requester for ticket in tenant.tickets}
        assert authors | requesters <= {user.email for user in tenant.users}
