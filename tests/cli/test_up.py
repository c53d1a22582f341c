"""One run for one data folder, and what the commands say about it."""

import os
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from services.cli.profiles import Login, Profile, ProfileFile, Profiles
from services.cli.screens.summary import show_summary
from services.cli.supervisor.child import start_time
from services.cli.supervisor.logs import LogFiles, prefixed
from services.cli.supervisor.processes import mesh_processes
from services.cli.supervisor.state import Phase, ProcessState, RunState, StateFile
from services.mesh.settings import MeshSettings
from tests.cli.conftest import Command

ADDRESSES = {
    "http": "http://127.0.0.1:8080",
    "https": "https://127.0.0.1:8443",
    "docs": "http://127.0.0.1:8080/docs",
    "health": "http://127.0.0.1:8080/readyz",
}
STATE = RunState(
    "run",
    os.getpid(),
    start_time(os.getpid()) or 0.0,
    Phase.READY,
    addresses=ADDRESSES,
    processes=(ProcessState("auth", "127.0.0.1:7101"),),
    certificate_authority="/data/certificates/ca.pem",
)
ACME = Profile("acme", logins={"agent": Login("ray@acme.example", "pa55word")}, is_seeded=True)


def test_a_second_start_says_so_and_shows_the_summary(helpdesk: Command, data: Path) -> None:
    with ProfileFile(data).change() as change:
        change.put(ACME)
    file = StateFile(data)
    file.write(STATE)
    with file.lock() as is_free:
        assert is_free
        ended = helpdesk("up")
    assert ended.code == 0
    assert "already running" in ended.err
    assert "http://127.0.0.1:8080/docs" in ended.out
    assert "pa55word" in ended.out
    assert file.read() == STATE


def test_the_folder_is_free_again_when_its_holder_is_gone(data: Path) -> None:
    file = StateFile(data)
    with file.lock() as first, file.lock() as second:
        assert (first, second) == (True, False)
        assert file.is_locked()
    assert not file.is_locked()


def test_down_with_nothing_running_is_no_error(helpdesk: Command) -> None:
    ended = helpdesk("down")
    assert (ended.code, ended.err) == (0, "nothing was running\n")


def test_status_with_nothing_running(helpdesk: Command) -> None:
    ended = helpdesk("status", "-o", "json")
    assert ended.code == 1
    processes = ended.json["processes"]
    # Temporal's own server is among them where its program is found.
    temporal = ["temporal"] if shutil.which("temporal") else []
    assert [process["name"] for process in processes] == [
        "auth",
        *temporal,
        "ticket",
        "search",
        "chat",
        "bridge",
        "gateway",
    ]
    assert {process["health"] for process in processes} == {"stopped"}
    assert {process["pid"] for process in processes} == {None}


@pytest.mark.parametrize("content", ["", "{", '{"processes": 7}', '{"processes": []}', "[]"])
def test_a_state_file_that_is_broken_counts_as_none(data: Path, content: str) -> None:
    (data / "run").mkdir(parents=True)
    (data / "run" / "state.json").write_text(content)
    assert StateFile(data).read() is None


def test_the_commands_of_the_summary_can_be_pasted(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Console(width=60, force_terminal=True, no_color=True)
    monkeypatch.setattr("services.cli.output.data_console", lambda: narrow)
    show_summary(STATE, Profiles({"acme": ACME}), "ready")
    lines = [line.strip() for line in capfd.readouterr().out.splitlines()]
    curl = next(line for line in lines if line.startswith("curl"))
    assert curl.endswith("http://127.0.0.1:8080/v1/messages")
    assert any("buf curl --schema" in line and line.endswith("/SendMessage") for line in lines)


def test_lines_carry_the_name_of_their_process(tmp_path: Path) -> None:
    console = Console(file=(tmp_path / "screen").open("w"), width=40, no_color=True)
    write = prefixed(console, mesh_processes(MeshSettings()))
    write("auth", "ready \x1b[2J" + "x" * 60)
    console.file.close()
    line = (tmp_path / "screen").read_text()
    assert line == "auth     │ ready [2J" + "x" * 60 + "\n"


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("in the way")
    logs = LogFiles(tmp_path / "logs")
    logs.write("auth", "one")
    logs.write("auth", "two")
    assert capfd.readouterr().err.count("cannot write") == 1


def test_a_full_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.cli.supervisor.logs._LARGEST_FILE", 10)
    for text in ("a long first line", "second"):
        logs = LogFiles(tmp_path)
        logs.write("auth", text)
        logs.close()
    assert (tmp_path / "auth.log").read_text() == "second\n"
    assert (tmp_path / "auth.log.1").read_text() == "a long first line\n"
