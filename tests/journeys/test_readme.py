"""The README's tour works as it is written."""

import os
import re
import subprocess

from services.mesh.settings import REPOSITORY
from tests.support.installation import Installation

README = (REPOSITORY / "README.md").read_text()


def test_the_tour_runs_as_written(mesh: Installation) -> None:
    tour = README.split("## Five-minute tour")[1].split("\n## ")[0]
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", tour, flags=re.DOTALL))
    commands = commands.replace("http://127.0.0.1:8080", mesh.url)
    assert mesh.url in commands

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=REPOSITORY,
        env=mesh.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass.acme.example/reset" in done.stdout
    # The log of the ticket whose life it shows.
    lives = re.findall(r"#(\d+)  (opened|commented|resolved|rated|closed)  ", done.stdout)
    assert len({number for number, _ in lives}) == 1
    assert [step for _, step in lives] == [
        *("opened", "commented", "commented", "resolved", "rated", "closed")
    ]


def test_every_file_that_it_names_exists() -> None:
    named = set(re.findall(r"\]\(([^)#]+)\)", README)) | {
        name
        for name in re.findall(r"`([a-z_.]+/[A-Za-z0-9_./-]*)`", README)
        if not name.startswith((".venv/", "v1/"))
    }
    missing = [name for name in named if not os.path.lexists(REPOSITORY / name)]

    assert len(named) > 15
    assert not missing
