"""Each problem that a start can meet is one line that says what to do."""

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.cli.preflight.checks import Finding, check_all
from services.cli.preflight.machine import ThisMachine
from services.cli.supervisor.processes import mesh_processes
from services.mesh.settings import MeshSettings
from tests.cli.conftest import Command
from tests.cli.dummies import HELPDESK, environment

GIGABYTE = 1024**3


@dataclass(frozen=True)
class FakeMachine:
    """A machine on which all is well, unless said otherwise."""

    python: tuple[int, int] = (3, 11)
    envoy: Path | None = Path("/bin/sh")
    memory: int = 8 * GIGABYTE
    disk: int = 50 * GIGABYTE
    fault: str = ""
    taken_port: int = 0

    def python_version(self) -> tuple[int, int]:
        return self.python

    def envoy_binary(self) -> Path | None:
        return self.envoy

    def free_memory_bytes(self) -> int:
        return self.memory

    def free_disk_bytes(self, folder: Path) -> int:
        return self.disk

    def write_fault(self, folder: Path) -> str:
        return self.fault

    def is_port_free(self, port: int) -> bool:
        return port != self.taken_port

    def port_holder(self, port: int) -> str:
        return "nginx (process 7)"

    def a_free_port(self) -> int:
        return 9999


def problems(machine: FakeMachine, settings: MeshSettings | None = None) -> list[Finding]:
    settings = settings or MeshSettings(data=Path("/data"))
    findings = check_all(settings, mesh_processes(settings), machine)
    return [finding for finding in findings if not finding.is_good]


def test_a_good_machine_has_no_problems() -> None:
    assert problems(FakeMachine()) == []


@pytest.mark.parametrize(
    ("machine", "text", "remedy"),
    [
        (FakeMachine(python=(3, 10)), "Python 3.10 is too old", "install Python 3.11"),
        (FakeMachine(envoy=None), "Envoy, is not installed", "make install"),
        (FakeMachine(memory=300 * 1024**2), "300 MB of memory are free", "more memory"),
        (FakeMachine(disk=10 * 1024**2), "the disk is full: 10 MB free", "make room"),
        (
            FakeMachine(fault="No space left on device"),
            "cannot write to the data folder /data: No space left on device",
            "HELPDESK_DATA=/path helpdesk up",
        ),
        (
            FakeMachine(taken_port=7103),
            "port 7103 is taken by nginx (process 7)",
            "HELPDESK_SEARCH_PORT=9999 helpdesk up",
        ),
    ],
)
def test_each_problem_says_what_to_do(machine: FakeMachine, text: str, remedy: str) -> None:
    (problem,) = problems(machine)
    assert text in problem.text
    assert remedy in problem.remedy


def test_two_processes_on_one_port_are_a_problem() -> None:
    settings = MeshSettings(data=Path("/data"), chat_port=7101, chat_metrics_port=7204)
    (problem,) = problems(FakeMachine(), settings)
    assert problem.text == "HELPDESK_CHAT_PORT and HELPDESK_AUTH_PORT are both 7101"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_stops_the_start_and_names_its_holder(
    data: Path, taken_port: int
) -> None:
    ended = subprocess.run(
        [*HELPDESK, "up", "--detach"],
        env=environment(data, HELPDESK_CHAT_PORT=str(taken_port)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"port {taken_port} is taken by" in ended.stderr
    assert f"(process {os.getpid()})" in ended.stderr
    assert "HELPDESK_CHAT_PORT=" in ended.stderr
    assert not (data / "certificates").exists()


def test_a_data_folder_that_cannot_be_made_stops_the_start(
    helpdesk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HELPDESK_DATA", str(tmp_path / "file" / "data"))
    ended = helpdesk("up", "--detach")
    assert ended.code == 1
    assert "cannot write to the data folder" in ended.err
    assert "Not a directory" in ended.err


def test_this_machine_tells_a_full_disk_by_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = ThisMachine()
    assert machine.write_fault(tmp_path) == ""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.cli.preflight.machine.os.fsync", full)
    assert machine.write_fault(tmp_path) == "No space left on device"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_stops_the_start(helpdesk: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThisMachine, "free_disk_bytes", lambda *_: 1024**2)
    ended = helpdesk("up", "--detach")
    assert ended.code == 1
    assert "the disk is full: 1 MB free" in ended.err


def test_doctor_shows_the_same_checks_and_hides_passwords(
    helpdesk: Command, monkeypatch: pytest.MonkeyPatch, taken_port: int
) -> None:
    monkeypatch.setenv("HELPDESK_AUTH_DATABASE_URL", "postgresql+psycopg://me:secret@db/auth")
    monkeypatch.setenv("HELPDESK_CHAT_PORT", str(taken_port))
    ended = helpdesk("doctor", "-o", "json")
    assert ended.code == 1
    bad = [check for check in ended.json["checks"] if not check["ok"]]
    assert any(f"port {taken_port} is taken" in check["text"] for check in bad)
    assert "secret" not in ended.out
    assert ended.json["configured"]["auth database"] == "postgresql+psycopg://me:…@db/auth"
