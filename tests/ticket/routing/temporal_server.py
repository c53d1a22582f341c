"""A Temporal dev server of the tests' own, where there is a program to start one with."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = shutil.which("temporal")
needs_temporal = pytest.mark.skipif(PROGRAM is None, reason="temporal is not on the PATH")


@contextmanager
def running_temporal(folder: Path, port: int | None = None) -> Iterator[str]:
    """Yields its address once it serves."""
    if PROGRAM is None:
        pytest.skip("temporal is not on the PATH")
    address = f"127.0.0.1:{port or free_port()}"
    server = start_temporal(folder, address)
    try:
        wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def start_temporal(folder: Path, address: str) -> subprocess.Popen[bytes]:
    host, _, port = address.rpartition(":")
    command = [str(PROGRAM), "server", "start-dev", "--headless", "--ip", host, "--port", port]
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL")
    command += [word for pragma in pragmas for word in ("--sqlite-pragma", pragma)]
    command += ["--db-filename", str(folder / "temporal.db"), "--log-level", "error"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(address: str) -> None:
    command = [str(PROGRAM), "operator", "cluster", "health", "--address", address]
    for _ in range(600):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("temporal does not come up")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
