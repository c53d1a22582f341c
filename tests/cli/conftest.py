import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.cli.__main__ import run
from services.cli.output import Format, choose_format
from services.cli.profiles import Login, Profile, ProfileFile
from tests.cli.fake_mesh import PASSWORD, FakeMesh


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def mesh() -> Iterator[FakeMesh]:
    fake = FakeMesh()
    yield fake
    fake.stop()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("HELPDESK_DATA", str(folder))
    monkeypatch.delenv("HELPDESK_ADDRESS", raising=False)
    return folder


@pytest.fixture
def helpdesk(data: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process."""

    def command(*words: str) -> Ended:
        choose_format(Format.TEXT)
        capfd.readouterr()
        code = run(list(words))
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return command


@pytest.fixture
def acme(data: Path, mesh: FakeMesh, monkeypatch: pytest.MonkeyPatch) -> FakeMesh:
    """A fake mesh, and a profile that can log in to it in every role."""
    monkeypatch.setenv("HELPDESK_ADDRESS", mesh.url)
    with ProfileFile(data).change() as change:
        roles = ("admin", "agent", "customer")
        logins = {role: Login(f"{role}@acme.example", password=PASSWORD) for role in roles}
        change.put(Profile("acme", logins=logins))
    return mesh
