"""Where the processes tell their metrics."""

import pytest

from services.cli.supervisor.processes import Process, mesh_processes
from services.mesh.settings import MeshSettings


def ticket(**given: int) -> Process:
    settings = MeshSettings.model_validate(given)
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
