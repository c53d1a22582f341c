"""`python -m services.cli.temporal_server`: a Temporal server for this machine alone.

It keeps its database in the data folder, listens on loopback and shows no pages.
"""

import os
import shutil
import sys

from services.mesh.settings import MeshSettings, read_settings

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")


def main() -> None:
    settings = read_settings(MeshSettings)
    program = shutil.which("temporal")
    if program is None:
        sys.stderr.write("temporal is not on the PATH\n")
        raise SystemExit(1)
    os.execv(program, command(program, settings))  # noqa: S606


def command(program: str, settings: MeshSettings) -> list[str]:
    folder = settings.data / "temporal"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [
        program,
        *("server", "start-dev", "--headless", "--ip", "127.0.0.1"),
        *("--port", str(settings.temporal_port), "--http-port", str(settings.temporal_http_port)),
        *("--db-filename", str(folder / "temporal.db"), "--log-level", "warn"),
        *(word for pragma in _PRAGMAS for word in ("--sqlite-pragma", pragma)),
    ]


if __name__ == "__main__":
    main()
