"""Where the processes tell their metrics."""

from pathlib import Path

import pytest

from services.cli.supervisor.processes import Process, mesh_processes
from services.cli.temporal_server import command
from services.mesh.settings import MeshSettings


def ticket(**given: int | str) -> Process:
    settings = MeshSettings.model_validate({"ticket_routing_engine": "in_process", **given})
    [found] = [each for each in mesh_processes(settings) if each.name == "ticket"]
    return found


@pytest.mark.parametrize(
    ("given", "port"),
    [
        ({}, 7202),
        ({"ticket_port": 9000}, 9100),
        ({"ticket_port": 9000, "ticket_metrics_port": 9001}, 9001),
        ({"ticket_port": 65_500}, 65_400),
    ],
)
def test_a_service_tells_them_beside_its_own_port(given: dict[str, int], port: int) -> None:
    process = ticket(**given)
    assert process.metrics == f"http://127.0.0.1:{port}/metrics"
    # What it is started with, and what is looked at before.
    assert process.environment == {"HELPDESK_TICKET_METRICS_PORT": str(port)}
    assert port in {each.number for each in process.ports}


def test_every_service_of_the_mesh_does_and_no_two_in_one_place() -> None:
    processes = mesh_processes(MeshSettings())
    assert [each.name for each in processes if each.metrics] == ["auth", "ticket", "search", "chat"]
    numbers = [port.number for each in processes for port in each.ports]
    assert len(numbers) == len({*numbers})


@pytest.fixture
def a_temporal_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "temporal"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("a_temporal_on_the_path")
def test_a_temporal_server_is_started_where_there_is_a_program_and_no_address() -> None:
    process = ticket(ticket_routing_engine="auto")
    assert "temporal" in process.depends_on
    assert process.environment["HELPDESK_TEMPORAL_ADDRESS"] == "127.0.0.1:7105"
    elsewhere = ticket(ticket_routing_engine="auto", temporal_address="temporal.example:7233")
    for other in (ticket(), elsewhere):
        assert other.depends_on == ("auth",)
        assert "HELPDESK_TEMPORAL_ADDRESS" not in other.environment


def test_it_is_started_on_loopback_with_a_file(tmp_path: Path) -> None:
    words = command("/bin/temporal", MeshSettings(data=tmp_path))
    assert words[words.index("--ip") + 1] == "127.0.0.1"
    assert words[words.index("--db-filename") + 1] == str(tmp_path / "temporal" / "temporal.db")
    assert "journal_mode=WAL" in words
