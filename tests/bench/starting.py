"""How long a user waits: from a fresh clone to the first cited answer, and from start to ready."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from services.mesh.settings import REPOSITORY
from tests.support.installation import Installation, fresh_environment


def fresh_clone() -> list[str]:
    """Clones, runs `make up`, asks; the package registry's speed is part of the figure."""
    folder = Path(tempfile.mkdtemp())
    environment = fresh_environment(folder / "data")
    clone, start = folder / "clone", time.perf_counter()
    try:
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
        subprocess.run(
            ["make", "--silent", "up", "ARGS=--detach"],
            cwd=clone,
            env=environment,
            check=True,
            capture_output=True,
        )
        ready = time.perf_counter() - start
        command = [clone / ".venv" / "bin" / "helpdesk"]
        asked = subprocess.run(
            [*command, "ask", "--tenant", "acme", "How do I reset my password?"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        answered = time.perf_counter() - start
        subprocess.run([*command, "down"], env=environment, check=True, capture_output=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if "[1]" not in asked.stdout:
        raise RuntimeError(f"no citation in: {asked.stdout}")
    return [
        f"fresh clone to a running mesh                  {ready:8.1f} s",
        f"fresh clone to the first cited answer          {answered:8.1f} s",
    ]


def restart(mesh: Installation) -> list[str]:
    """Start to ready with everything installed and the demo made; the median of three."""
    times = []
    for _ in range(3):
        mesh.run("down")
        start = time.perf_counter()
        done = mesh.run("up", "--detach")
        times.append(time.perf_counter() - start)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
    return [
        f"start to ready, installed (goal 5 s)           {sorted(times)[1]:8.1f} s   "
        f"of {', '.join(f'{each:.1f}' for each in times)}"
    ]
