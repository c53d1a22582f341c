"""The checks. Each finding is one line, and each problem says what to do about it."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.cli.preflight.machine import Machine
from services.cli.supervisor.processes import Port, Process
from services.mesh.settings import MeshSettings

NEEDED_MEMORY_BYTES = 1024**3
NEEDED_DISK_BYTES = 500 * 1024**2
NEEDED_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """`remedy` is set when, and only when, the check failed."""

    name: str
    text: str
    remedy: str = ""

    @property
    def is_good(self) -> bool:
        return not self.remedy


def check_all(
    settings: MeshSettings, processes: Sequence[Process], machine: Machine
) -> list[Finding]:
    return [
        check_python(machine.python_version()),
        check_envoy(machine),
        check_folder(settings.data, machine),
        check_disk(settings.data, machine),
        check_memory(machine),
        *check_ports([port for process in processes for port in process.ports], machine),
    ]


def check_python(version: tuple[int, int]) -> Finding:
    text = f"Python {version[0]}.{version[1]}"
    if version >= NEEDED_PYTHON:
        return Finding("python", text)
    return Finding("python", f"{text} is too old", "install Python 3.11 or newer, `make install`")


def check_envoy(machine: Machine) -> Finding:
    binary = machine.envoy_binary()
    if binary is not None and os.access(binary, os.X_OK):
        return Finding("envoy", str(binary))
    return Finding("envoy", "the gateway's program, Envoy, is not installed", "make install")


def check_folder(folder: Path, machine: Machine) -> Finding:
    fault = machine.write_fault(folder)
    if not fault:
        return Finding("data", str(folder))
    return Finding(
        "data",
        f"cannot write to the data folder {folder}: {fault}",
        "give it space or rights, or name another one: HELPDESK_DATA=/path helpdesk up",
    )


def check_disk(folder: Path, machine: Machine) -> Finding:
    free = machine.free_disk_bytes(folder)
    text = f"{_megabytes(free)} free in {folder}"
    if free >= NEEDED_DISK_BYTES:
        return Finding("disk", text)
    return Finding(
        "disk",
        f"the disk is full: {text}, {_megabytes(NEEDED_DISK_BYTES)} are needed",
        "make room, or name another folder: HELPDESK_DATA=/path helpdesk up",
    )


def check_memory(machine: Machine) -> Finding:
    free = machine.free_memory_bytes()
    if free >= NEEDED_MEMORY_BYTES:
        return Finding("memory", f"{_megabytes(free)} free")
    return Finding(
        "memory",
        f"{_megabytes(free)} of memory are free, {_megabytes(NEEDED_MEMORY_BYTES)} are needed",
        "end other programs, or give the container more memory",
    )


def check_ports(ports: Iterable[Port], machine: Machine) -> list[Finding]:
    ports = list(ports)
    findings = [_check_port(port, machine) for port in ports]
    for position, port in enumerate(ports):
        twins = [other.variable for other in ports[:position] if other.number == port.number]
        if twins and port.number:
            findings.append(
                Finding(
                    "ports",
                    f"{port.variable} and {twins[0]} are both {port.number}",
                    f"{port.variable}={port.number + 100} helpdesk up",
                )
            )
    if all(finding.is_good for finding in findings):
        return [Finding("ports", " ".join(str(port.number) for port in ports))]
    return [finding for finding in findings if not finding.is_good]


def _check_port(port: Port, machine: Machine) -> Finding:
    if machine.is_port_free(port.number):
        return Finding("ports", str(port.number))
    holder = machine.port_holder(port.number) or "another program"
    return Finding(
        "ports",
        f"port {port.number} is taken by {holder}",
        f"end it, or move this port: {port.variable}={machine.a_free_port()} helpdesk up",
    )


def _megabytes(count: int) -> str:
    return f"{count / 1024**2:,.0f} MB"
